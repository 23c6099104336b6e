"""What goes wrong at Discord, on demand or by a seeded rate."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .rest import Call

CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
EVERYWHERE, CALLBACKS, WEBHOOKS, CHANNELS, MESSAGES = "", "/interactions/", "/webhooks/", "/channels/", "{message_id}"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with a request.

    applied: the request takes effect and only then the answer is spoilt (the way things get posted twice).
    drop: the connection is cut instead of an answer. where: a part of the path's template that must be there.
    """

    name: str
    status: int = 0
    code: int = 0
    message: str = ""
    where: str = EVERYWHERE
    applied: bool = False
    drop: bool = False
    via: bool = True
    retry_after_s: float = 0.2
    needs_files: bool = False

    def after_applying(self) -> Fault:
        return replace(self, name=f"{self.name}, applied", applied=True)

    def fits(self, call: Call) -> bool:
        """Whether Discord could answer this call so."""
        if self.needs_files and not call.files:
            return False
        return self.where in call.template or (self.where == MESSAGES and "@original" in call.template)


RATE_LIMITED = Fault("429", 429, 0, "You are being rate limited.")
BANNED = Fault("429 without Via", 429, 0, "error code: 1015", via=False)
INTERNAL_ERROR = Fault("500", 500, 0, "500: Internal Server Error")
BAD_GATEWAY = Fault("502", 502, 0, "502: Bad Gateway")
UNAVAILABLE = Fault("503", 503, 0, "503: Service Unavailable")
GATEWAY_TIMEOUT = Fault("504", 504, 0, "504: Gateway Timeout")
TOO_LARGE = Fault("40005", 413, 40005, "Request entity too large", needs_files=True)
UNKNOWN_INTERACTION = Fault("10062", 404, 10062, "Unknown interaction", where=CALLBACKS)
UNKNOWN_MESSAGE = Fault("10008", 404, 10008, "Unknown Message", where=MESSAGES)
INVALID_WEBHOOK_TOKEN = Fault("50027", 401, 50027, "Invalid Webhook Token", where=WEBHOOKS)
MISSING_PERMISSIONS = Fault("50013", 403, 50013, "Missing Permissions", where=CHANNELS)
THREAD_ARCHIVED = Fault("50083", 400, 50083, "Thread is archived", where=CHANNELS)
DROP_BEFORE = Fault("drop before", drop=True)
DROP_AFTER = Fault("drop after", drop=True, applied=True)

ALL = (
    *(RATE_LIMITED, BANNED, INTERNAL_ERROR, BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT, TOO_LARGE),
    *(UNKNOWN_INTERACTION, UNKNOWN_MESSAGE, INVALID_WEBHOOK_TOKEN, MISSING_PERMISSIONS, THREAD_ARCHIVED),
    *(DROP_BEFORE, DROP_AFTER, INTERNAL_ERROR.after_applying(), UNAVAILABLE.after_applying()),
)


@dataclass
class _Order:
    """A fault asked for by a test: `times` more of them on a method and a template (empty: any)."""

    fault: Fault
    method: str
    path: str
    times: int


class Faults:
    """Decides for each request whether something goes wrong; the same seed decides the same.

    The decision for the n-th request of a route depends on the seed, the route and n alone, so that it does not
    matter how requests of different routes mix.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._orders: list[_Order] = []
        self._counts: Counter[str] = Counter()
        self._rate = 0.0
        self._kinds: tuple[Fault, ...] = ()
        self.duplicate_rate = 0.0  # share of interactions whose event comes twice
        self.gateway_drop_rate = 0.0  # share of interactions after which the gateway's connection is cut
        self.refuse_resume_rate = 0.0  # share of resumes that are answered with INVALID_SESSION
        self.happened: Counter[str] = Counter()

    def add(self, fault: Fault, method: str = "", path: str = "", times: int = 1) -> None:
        """The next `times` requests of this method whose template contains `path` go wrong in this way."""
        self._orders.append(_Order(fault, method, path, times))

    def rate(self, share: float, *kinds: Fault) -> None:
        """From now on this share of requests goes wrong, each in one of `kinds` (default: all) that fits. 0 ends it."""
        self._rate, self._kinds = share, kinds or ALL

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._orders.clear()
        self._rate = self.duplicate_rate = self.gateway_drop_rate = self.refuse_resume_rate = 0.0

    def choose(self, call: Call) -> Fault | None:
        """What goes wrong with this call, or None; told once for each call."""
        return self._ordered(call) or self._drawn(call)

    def chance(self, what: str, share: float) -> bool:
        """True for this share of the questions about `what`."""
        self._counts[what] += 1
        return share > 0 and random.Random(f"{self._seed} {what} {self._counts[what]}").random() < share

    def _ordered(self, call: Call) -> Fault | None:
        for order in self._orders:
            if order.times > 0 and order.method in ("", call.method) and order.path in call.template:
                order.times -= 1
                return order.fault
        return None

    def _drawn(self, call: Call) -> Fault | None:
        if self._rate <= 0:
            return None
        route = f"{call.method} {call.template}"
        self._counts[route] += 1
        dice = random.Random(f"{self._seed} {route} {self._counts[route]}")
        fitting = [fault for fault in self._kinds if fault.fits(call)]
        return dice.choice(fitting) if fitting and dice.random() < self._rate else None
