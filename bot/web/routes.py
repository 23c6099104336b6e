"""What the page can ask for: check in a clip, make a take, follow it, hear it, cancel it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.web.files import EncodedFiles
from bot.web.links import Links
from generation.errors import RequestRefused
from generation.hearing import Hearing
from generation.request import AudioFormat, Operation, Request, Take
from generation.service import CheckIn, JobState, JobStatus, Origin, Rendered, Service

SERVICE: web.AppKey[Service] = web.AppKey("service", Service)
LINKS: web.AppKey[Links | None] = web.AppKey("links")
ONE_ZIP: web.AppKey[asyncio.Semaphore] = web.AppKey("one zip at a time", asyncio.Semaphore)
MAX_ZIP_BYTES = 2**30
FILES: web.AppKey[EncodedFiles] = web.AppKey("files", EncodedFiles)
ORIGIN = Origin(front_end="web", person_id="web", person_name="this machine")
CONTENT_TYPES = {"mp3": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac"}
INDEX = Path(__file__).parent / "static" / "index.html"

routes = web.RouteTableDef()


@routes.get("/")
async def index(request: web.Request) -> web.StreamResponse:
    """The page itself."""
    return web.FileResponse(INDEX)


@routes.get("/api/engines")
async def engines(request: web.Request) -> web.Response:
    """The engines that can be used here, with what they can do."""
    return web.json_response(
        {
            name: {
                "operations": sorted(capabilities.operations),
                "max_duration_s": capabilities.max_duration_s,
                "models": capabilities.models,
                "licence": capabilities.licence,
            }
            for name, capabilities in request.app[SERVICE].engines.items()
        }
    )


@routes.post("/api/clips")
async def check_in(request: web.Request) -> web.Response:
    """Let a clip in (multipart field `clip`) and say what was heard."""
    form = await request.post()
    clip = form.get("clip")
    if not isinstance(clip, web.FileField):
        raise RequestRefused("Send the clip as the form field 'clip'.")
    checked = await request.app[SERVICE].check_in(clip.file.read(), name=clip.filename, owner=ORIGIN)
    return web.json_response(describe_clip(checked))


@routes.post("/api/takes/{take_id}/clip")
async def take_as_clip(request: web.Request) -> web.Response:
    """A take as a clip, to go on from it."""
    checked = await request.app[SERVICE].clip_of_take(request.match_info["take_id"], owner=ORIGIN)
    return web.json_response(describe_clip(checked))


@routes.post("/api/jobs")
async def submit(request: web.Request) -> web.Response:
    """Ask for takes; the body is a JSON object with the fields of Request that the page sets."""
    asked = parse_request(await request.text())
    key = f"web:{request.headers.get('Idempotency-Key') or secrets.token_hex(16)}"
    ticket = await request.app[SERVICE].submit(asked, ORIGIN, key=key)
    return web.json_response({"job_id": ticket.job_id}, status=HTTPStatus.CREATED)


@routes.get("/api/jobs/{job_id}/events")
async def follow(request: web.Request) -> web.StreamResponse:
    """The job's progress as server-sent events; the last one carries the takes or the reason."""
    service, job_id = request.app[SERVICE], request.match_info["job_id"]
    await service.status(job_id)  # an unknown job is a 404, not an endless stream
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionResetError):  # the page was closed: nobody is left to tell
        async for status in service.ticket(job_id).updates():
            takes = await service.takes_of(job_id) if status.state in (JobState.MADE, JobState.DELIVERED) else ()
            event = json.dumps(describe_status(status, takes))
            await response.write(f"data: {event}\n\n".encode())
        await response.write_eof()
    return response


@routes.post("/api/jobs/{job_id}/cancel")
async def cancel(request: web.Request) -> web.Response:
    """Cancel a job; `cancelled` is false when it was too late."""
    return web.json_response({"cancelled": await request.app[SERVICE].cancel(request.match_info["job_id"])})


@routes.get("/takes/{take_id}/waveform.png")
async def waveform(request: web.Request) -> web.Response:
    """The take's picture."""
    png = await request.app[SERVICE].waveform_png(request.match_info["take_id"])
    return web.Response(body=png, content_type="image/png")


@routes.get("/takes/{take_id}.{audio_format:mp3|ogg|wav|flac}")
async def audio(request: web.Request) -> web.Response:
    """The take as a file; byte ranges are served, so that a player can seek."""
    audio_format = AudioFormat(request.match_info["audio_format"])
    return _file(request, await request.app[FILES].get(request.match_info["take_id"], audio_format))


@routes.get("/api/jobs/{job_id}/previews/{preview_hash:[0-9a-f]{64}}.mp3")
async def preview(request: web.Request) -> web.Response:
    """What is there so far of a job that is being made; `preview_hash` stands in its events."""
    wanted = request.match_info
    return _file(request, await request.app[FILES].preview(wanted["job_id"], wanted["preview_hash"]))


def _file(request: web.Request, rendered: Rendered) -> web.Response:
    """A file, or the part of it that is asked for."""
    kind = CONTENT_TYPES[rendered.audio_format.value]
    headers = {"Accept-Ranges": "bytes", "Content-Disposition": f'inline; filename="{rendered.filename}"'}
    part = request.http_range
    if part.start is None and part.stop is None:
        return web.Response(body=rendered.data, content_type=kind, headers=headers)
    total = len(rendered.data)
    first, last, _ = part.indices(total)
    if first >= last:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{total}"})
    headers["Content-Range"] = f"bytes {first}-{last - 1}/{total}"
    body = rendered.data[first:last]
    return web.Response(body=body, status=HTTPStatus.PARTIAL_CONTENT, content_type=kind, headers=headers)


@routes.get("/shared/rooms/{room_id}/stems.zip")
async def shared_stems(request: web.Request) -> web.Response:
    """All layers of a room for whoever has the link, and for nobody else."""
    links, room_id = request.app[LINKS], request.match_info["room_id"]
    if links is None:
        raise web.HTTPNotFound(text="There are no shared files here.")
    links.require_right(room_id, request.query.get("until", ""), request.query.get("key", ""))
    jams = request.app[SERVICE].jams
    async with request.app[ONE_ZIP]:  # a zip is in memory whole
        stems = await jams.stems(await jams.room(room_id), MAX_ZIP_BYTES)
    if stems is None:
        raise web.HTTPNotFound(text="These stems are too large even for this page.")
    headers = {"Content-Disposition": f'attachment; filename="{stems.filename}"', "Cache-Control": "private"}
    return web.Response(body=stems.data, content_type="application/zip", headers=headers)


PAGE_FIELDS = frozenset(
    {"operation", "prompt", "clip_ids", "engine", "model", "duration_s", "seed", "num_takes", "strength", "bars"}
    | {"tempo_bpm", "key", "beats_per_bar", "audio_format", "parent_take_ids"}
)


def parse_request(body: str) -> Request:
    """The page's JSON as a Request. Raises RequestRefused with the field that is wrong."""
    try:
        data = json.loads(body)
    except json.JSONDecodeError as error:
        raise RequestRefused(f"The request must be a JSON object: {error}.") from error
    if not isinstance(data, dict) or not data.keys() <= PAGE_FIELDS:
        raise RequestRefused(f"The request may have the fields {', '.join(sorted(PAGE_FIELDS))}.")
    fields: dict[str, Any] = {name: value for name, value in data.items() if value is not None}
    try:
        fields["operation"] = Operation(fields.get("operation", Operation.COMPOSE))
        fields["audio_format"] = AudioFormat(fields.get("audio_format", AudioFormat.MP3))
        for name in ("clip_ids", "parent_take_ids"):
            fields[name] = tuple(str(item) for item in fields.get(name, ()))
        return Request(**fields)
    except (ValueError, TypeError) as error:
        raise RequestRefused(f"A field of the request has the wrong kind of value: {error}.") from error


def describe_clip(checked: CheckIn) -> dict[str, Any]:
    """A checked-in clip for the page."""
    return {
        "clip_id": checked.clip_id,
        "name": checked.name,
        "sentence": checked.hearing.sentence(),
        "remarks": list(checked.remarks),
        "heard": heard_in_short(checked.hearing),
    }


def heard_in_short(hearing: Hearing) -> dict[str, Any]:
    """The numbers that the page shows beside a clip."""
    return {
        "duration_s": hearing.duration_s,
        "tempo_bpm": hearing.tempo_bpm if hearing.has_beat else None,
        "key": str(hearing.key) if hearing.key else None,
        "loudness_lufs": hearing.loudness_lufs,
        "beats_per_bar": hearing.beats_per_bar,
    }


def describe_status(status: JobStatus, takes: tuple[Take, ...]) -> dict[str, Any]:
    """A job's status for the page, with its takes once they are made."""
    return {**asdict(status), "takes": [describe_take(take) for take in takes]}


def describe_take(take: Take) -> dict[str, Any]:
    """A take for the page: what it is and how it was made, in short."""
    request = take.recipe.request
    return {
        "take_id": take.take_id,
        "duration_s": take.duration_s,
        "operation": request.operation.value,
        "prompt": request.prompt,
        "engine": request.engine,
        "seed": take.recipe.seed,
        "licence": take.recipe.licence,
        "remarks": list(take.remarks),
    }
