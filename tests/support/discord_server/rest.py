"""The REST side: reads a request, lets faults and limits have their say, calls the route, records everything."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from . import errors
from .errors import ApiError
from .faults import Fault
from .records import Recorded, RecordedFile

if TYPE_CHECKING:
    from .interactions import Interaction
    from .server import DiscordServer

API = "/api/v10"

# Discord refuses requests above 25 MiB whatever the guild's limit is (reference "Uploading Files").
MAX_REQUEST_BYTES = 25 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """One file of a multipart request."""

    field: str
    filename: str
    data: bytes


@dataclass
class Call:
    """A request, read: its route's template, path parameters, query, JSON and files."""

    server: DiscordServer
    method: str
    path: str
    template: str
    params: dict[str, str]
    query: dict[str, str]
    json: Any = None
    files: list[Upload] = field(default_factory=list)
    num_bytes: int = 0
    authorized: bool = False
    interaction: Interaction | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object, {} where there is none. Raises ApiError 50035 for any other JSON."""
        if self.json is None:
            return {}
        if not isinstance(self.json, dict):
            raise errors.invalid_form("_", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return self.json

    def id(self, name: str) -> int:
        """A snowflake of the path. Raises ApiError 50035 where it is none."""
        if not self.params[name].isdigit():
            raise errors.invalid_form(name, "NUMBER_TYPE_COERCE", f"Value {self.params[name]!r} is not snowflake.")
        return int(self.params[name])


@dataclass(frozen=True)
class Reply:
    """What a route answers: a status and a JSON body (None: no body)."""

    body: Any = None
    status: int = 200


NO_CONTENT = Reply(status=204)
Route = Callable[[Call], Reply]


class Router:
    """Routes by method and by a template in Discord's own spelling, literal segments before parameters."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, int], list[tuple[list[str], str, Route, bool]]] = {}

    def add(self, method: str, template: str, *, public: bool = False) -> Callable[[Route], Route]:
        """Decorator: serve `template` with the function. public: no bot token needed, a token is in the path."""

        def register(route: Route) -> Route:
            segments = template.strip("/").split("/")
            same_length = self._routes.setdefault((method, len(segments)), [])
            same_length.append((segments, template, route, public))
            same_length.sort(key=lambda entry: [segment.startswith("{") for segment in entry[0]])
            return route

        return register

    def find(self, method: str, path: str) -> tuple[str, dict[str, str], Route, bool] | None:
        segments = path.strip("/").split("/")
        for pattern, template, route, public in self._routes.get((method, len(segments)), ()):
            pairs = list(zip(pattern, segments, strict=True))
            if all(wanted.startswith("{") or wanted == given for wanted, given in pairs):
                return template, {want[1:-1]: got for want, got in pairs if want.startswith("{")}, route, public
        return None


router = Router()


async def serve(server: DiscordServer, request: web.Request) -> web.StreamResponse:
    """One request from its first byte to its record."""
    arrived_s = server.clock.now_s()
    raw = await request.read()
    call, route, public = _begin(server, request, len(raw))
    record = Recorded.begin(call, arrived_s)
    server.requests.append(record)
    headers, wait_s = server.rate_limits.count(call)
    try:
        _read_body(call, raw, request.content_type, request.headers.get("Content-Type", ""))
        record.json = call.json if server.keep_bodies else None
        record.files = [_recorded(upload) for upload in call.files]
        server.checker.request(call)
        if wait_s:
            record.status = 429
            return _rate_limited(headers, wait_s)
        return await _answer(call, record, request, headers, route, public)
    except ApiError as error:
        record.status, record.code = error.status, error.code
        return _json(error.body(), error.status, headers)
    except Exception as error:  # noqa: BLE001 - a body that a route stumbles over: the test shall see it
        server.checker.stumbled(call, error)
        refusal = errors.invalid_form("_", "INVALID", f"{type(error).__name__}: {error}")
        record.status, record.code = refusal.status, refusal.code
        return _json(refusal.body(), refusal.status, headers)


def _begin(server: DiscordServer, request: web.Request, num_bytes: int) -> tuple[Call, Route, bool]:
    """The call without its body, its route, and whether the route needs no bot token."""
    path = request.path.removeprefix(API)
    template, params, route, public = router.find(request.method, path) or (path, {}, _no_route, False)
    call = Call(server, request.method, path, template, params, dict(request.query), num_bytes=num_bytes)
    token = params.get("interaction_token") or params.get("webhook_token", "")
    call.interaction = server.interactions_by_token.get(token)
    call.authorized = request.headers.get("Authorization", "") == f"Bot {server.token}"
    return call, route, public


async def _answer(
    call: Call, record: Recorded, request: web.Request, headers: dict[str, str], route: Route, public: bool
) -> web.StreamResponse:
    """Faults that come before, the rules for every request, the route, faults that come after."""
    fault = call.server.faults.choose(call)
    if fault is not None and not fault.applied:
        return _spoil(fault, call, record, request, headers)
    if not call.authorized and not public:
        raise errors.unauthorized()
    if call.num_bytes > MAX_REQUEST_BYTES:
        raise errors.too_large()
    reply = route(call)
    if call.server.delay_s:
        await asyncio.sleep(call.server.delay_s)
    if fault is not None:
        return _spoil(fault, call, record, request, headers)
    record.status, record.response = reply.status, reply.body if call.server.keep_bodies else None
    call.server.checker.response(call, reply)
    if reply.status == 204:
        return web.Response(status=204, headers=headers)
    return _json(reply.body, reply.status, headers)


def _spoil(
    fault: Fault, call: Call, record: Recorded, request: web.Request, headers: dict[str, str]
) -> web.StreamResponse:
    """Answer as the fault says."""
    call.server.faults.happened[fault.name] += 1
    record.fault, record.status, record.code = fault.name, fault.status, fault.code
    if fault.drop:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    if fault.status == 429:
        return _rate_limited(headers, fault.retry_after_s) if fault.via else _cloudflare_ban()
    if fault.code == 10062 and call.interaction is not None:
        call.interaction.expire()
    return _json({"code": fault.code, "message": fault.message}, fault.status, headers)


def _rate_limited(headers: dict[str, str], wait_s: float) -> web.Response:
    body = {"message": "You are being rate limited.", "retry_after": wait_s, "global": False}
    return _json(body, 429, {**headers, "Retry-After": str(int(wait_s) + 1), "X-RateLimit-Scope": "user"})


def _cloudflare_ban() -> web.Response:
    return web.Response(status=429, text="error code: 1015", headers={"Retry-After": "600"})


def _json(body: Any, status: int, headers: dict[str, str]) -> web.Response:
    # Exactly this header, without a charset: clients decode nothing else as JSON.
    return web.Response(body=orjson.dumps(body), status=status, headers={**headers, "Content-Type": "application/json"})


def _no_route(call: Call) -> Reply:
    call.server.checker.unserved(call)
    raise errors.not_found()


def _read_body(call: Call, raw: bytes, content_type: str, header: str) -> None:
    """Fill in the call's JSON and files. Raises ApiError 50109 for a body that is neither JSON nor multipart."""
    if not raw:
        return
    try:
        if content_type == "multipart/form-data":
            _read_multipart(call, raw, header.split("boundary=", 1)[1].strip('"').encode())
        else:
            call.json = orjson.loads(raw)
    except (ValueError, IndexError):
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


def _read_multipart(call: Call, raw: bytes, boundary: bytes) -> None:
    """Split at the boundary: searching for it is fast, and the whole body is in memory anyway."""
    fields: dict[str, str] = {}
    for part in (b"\r\n" + raw).split(b"\r\n--" + boundary)[1:-1]:
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = BytesHeaderParser().parsebytes(head)
        name = str(disposition.get_param("name", header="content-disposition"))
        filename = disposition.get_filename()
        if name == "payload_json":
            call.json = orjson.loads(data)
        elif filename is not None:
            call.files.append(Upload(name, filename, data))
        else:
            fields[name] = data.decode()
    if call.json is None:
        call.json = fields


def _recorded(upload: Upload) -> RecordedFile:
    return RecordedFile(upload.field, upload.filename, len(upload.data), hashlib.sha256(upload.data).hexdigest())
