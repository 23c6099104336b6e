"""X-RateLimit headers, and 429 for those who do not heed them."""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .rest import Call

MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_token")


@dataclass
class Window:
    """A bucket's count in the window that runs now."""

    ends_at_s: float = 0.0
    used: int = 0


@dataclass(frozen=True)
class Rule:
    """`limit` requests in `per_s` seconds for each bucket of the routes whose template contains `path`."""

    limit: int
    per_s: float
    method: str = ""
    path: str = ""


# Limits that no test runs into by chance, so that faults come only when they are asked for.
GENEROUS = (Rule(10_000, 1.0),)

# The order of magnitude of Discord's own, as bots report them; Discord publishes none and may change them.
LIKE_DISCORD = (
    Rule(5, 5.0, "POST", "/channels/{channel_id}/messages"),
    Rule(5, 5.0, "PATCH", "/channels/{channel_id}/messages/{message_id}"),
    Rule(5, 2.0, "", "/webhooks/"),
    Rule(10_000, 1.0, "", "/interactions/"),
    Rule(50, 1.0),
)


class RateLimits:
    """Counts requests by bucket: route and major parameters, as Discord does."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._windows: dict[str, Window] = {}

    def count(self, call: Call) -> tuple[dict[str, str], float]:
        """Headers for this call, and how many seconds to wait: 0 where the call is within the limit."""
        rule = next(rule for rule in self.rules if rule.method in ("", call.method) and rule.path in call.template)
        route = f"{call.method} {call.template}"
        key = route + " ".join(call.params.get(name, "") for name in MAJOR)
        now = asyncio.get_running_loop().time()
        window = self._windows.get(key)
        if window is None or now >= window.ends_at_s:
            self._forget_ended(now)
            window = self._windows[key] = Window(now + rule.per_s)
        window.used += 1
        left_s = window.ends_at_s - now
        headers = {
            "X-RateLimit-Limit": str(rule.limit),
            "X-RateLimit-Remaining": str(max(0, rule.limit - window.used)),
            "X-RateLimit-Reset": f"{time.time() + left_s:.3f}",
            "X-RateLimit-Reset-After": f"{math.ceil(left_s * 1000) / 1000:.3f}",
            "X-RateLimit-Bucket": hashlib.sha1(route.encode(), usedforsecurity=False).hexdigest()[:32],
            "Via": "1.1 google",
        }
        return headers, left_s if window.used > rule.limit else 0.0

    def _forget_ended(self, now: float) -> None:
        """Every interaction's token is a bucket of its own: thousands in a long run."""
        if len(self._windows) > 4096:
            self._windows = {key: window for key, window in self._windows.items() if now < window.ends_at_s}
