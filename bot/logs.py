"""Logs: one line an event, with the job's id; secrets never get into them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

from bot.settings import Log

EventDict = MutableMapping[str, Any]
HIDDEN = "[hidden]"
SECRET_SHAPES = re.compile(
    r"[MNO][\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"  # a bot token: base64 id . timestamp . HMAC
    r"|(?<=/webhooks/\d{17}/)[\w-]{20,}|(?<=/webhooks/\d{18}/)[\w-]{20,}|(?<=/webhooks/\d{19}/)[\w-]{20,}"
    r"|aW50ZXJhY3Rpb246[\w=-]{20,}"  # an interaction token: base64 of "interaction:…"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password in a database URL
    r"|(?<=[?&]hm=)[0-9a-f]{16,}"  # the signature of an attachment's URL
)


class SecretFilter:
    """A structlog processor that replaces known secrets, and everything shaped like one, in every value."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known = tuple(secret for secret in secrets if secret)

    def __call__(self, logger: Any, name: str, event: EventDict) -> EventDict:
        """Clean every value of the event, however deep it lies."""
        return {key: self.clean(value) for key, value in event.items()}

    def clean(self, value: Any) -> Any:
        """The value without secrets; containers are copied, other objects are shown by their cleaned text."""
        if isinstance(value, str):
            for secret in self._known:
                value = value.replace(secret, HIDDEN)
            return SECRET_SHAPES.sub(HIDDEN, value)
        if isinstance(value, dict):
            return {self.clean(key): self.clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.clean(str(value))


def configure_logs(config: Log, secrets: Iterable[str] = ()) -> None:
    """Send all events, the libraries' too, to standard error: as text, or (`json_lines`) one JSON object a line."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if config.json_lines else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                SecretFilter(secrets),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(config.level)
    logging.raiseExceptions = False  # a broken pipe would have the raw arguments printed, secrets and all
    for name, least in (("discord", logging.INFO), ("alembic", logging.WARNING)):  # they tell more than anybody asks
        logging.getLogger(name).setLevel(max(least, logging.getLevelName(config.level)))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(config.level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
