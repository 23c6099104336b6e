"""Files that point elsewhere: playlists and manifests of every kind that ffmpeg knows, and a listener for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


def playlists(url: str) -> dict[str, bytes]:
    """A small file of every kind that points to audio elsewhere."""
    name = url.replace("http:", "")
    port = url.rsplit(":", 1)[1].split("/")[0]
    texts = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n",
        "hls-key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:9,\n{url}\n',
        "hls-concat": f"#EXTM3U\n#EXTINF:9,\nconcat:{url}|file:///etc/passwd\n#EXT-X-ENDLIST\n",
        "m3u": f"{url}\n",
        "concat": f"ffconcat version 1.0\nfile '{url}'\n",
        "concat-plain": f"file '{url}'\n",
        "pls": f"[playlist]\nFile1={url}\nNumberOfEntries=1\n",
        "asx": f'<asx version="3.0"><entry><ref href="{url}"/></entry></asx>',
        "asf-ref": f"[Reference]\nRef1={url}\n",
        "smil": f'<smil><body><audio src="{url}"/></body></smil>',
        "xspf": f'<?xml version="1.0"?><playlist><trackList><track><location>{url}</location></track></trackList>',
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" minBufferTime="PT1S">'
        '<Period duration="PT9S"><AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1">'
        f"<BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "smooth": f'<SmoothStreamingMedia><StreamIndex Type="audio" Url="{url}"/></SmoothStreamingMedia>',
        "imf": f'<?xml version="1.0"?><CompositionPlaylist><AssetMap>{url}</AssetMap></CompositionPlaylist>',
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio {port} RTP/AVP 0\n",
        "rtsp": f"RTSPtext\nrtsp:{name}\n",
        "subfile": f"subfile,,start,0,end,9,,:{url}\n",
        "avisynth": f'DirectShowSource("{url}")\n',
        "vobsub": f"# VobSub index file, v7\nid: en, index: 0\n{url}\n",
        "ffmetadata": f";FFMETADATA1\ntitle={url}\n",
    }
    return {kind: text.encode() for kind, text in texts.items()}


def disguises(playlist: bytes) -> dict[str, bytes]:
    """The same playlist behind what a careless check takes for audio."""
    return {
        "plain": playlist,
        "bom": b"\xef\xbb\xbf" + playlist,
        "utf-16": playlist.decode().encode("utf-16"),
        "blank lines": b"\r\n \r\n" + playlist,
        "zeros": bytes(64) + playlist,
        "id3": b"ID3\x04\0\0\0\0\0\0" + playlist,
        "riff": b"RIFF\xff\xff\xff\xffWAVE" + playlist,
        "ftyp": b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + playlist,
        "ogg": b"OggS\0\2" + playlist,
        "mkv": b"\x1a\x45\xdf\xa3" + playlist,
        "mp3 frame": b"\xff\xfb\x90\x00" + playlist,
    }


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, list[str]]]:
    """A server on loopback: its URL, and a list that grows with every connection."""
    touched: list[str] = []

    def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        touched.append(str(writer.get_extra_info("peername")))
        writer.close()

    server = await asyncio.start_server(on_connect, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.ts", touched
