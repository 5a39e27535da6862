"""Not too often: how many times somebody may ask something in a while, per account and per client (SECURITY.md, S12).

What is counted is the endpoint that answers, so no other spelling of its address has a count of its own. Counts live in
Redis when one is configured, else in this process; never in the database, so a flood costs it nothing. When Redis does
not answer, this process counts by itself until it does.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from flask import Flask, current_app, request
from flask_limiter import Limiter
from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from mixlite.core.config import Settings
from mixlite.core.crypto import fingerprint
from mixlite.core.http import client_network
from mixlite.core.security_log import noted

log = logging.getLogger(__name__)
_KEY = "mixlite.throttles"


class TooOften(Exception):
    """Asked too often; in `wait` seconds once more (429)."""

    def __init__(self, wait: int):
        super().__init__(f"once more in {wait} s")
        self.wait = wait


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """Limits such as "10 per 10 minutes; 100 per day", for one client and for one account.

    `of` names the account that a request is about; where it names none, only the client is counted.
    """

    of: Callable[[], str | None]
    client: str = ""
    account: str = ""


@dataclass(frozen=True)
class _Throttles:
    table: Mapping[str, Throttle]
    otherwise: Throttle
    main: RateLimiter
    fallback: RateLimiter


def set_up(app: Flask, settings: Settings, table: Mapping[str, Throttle], otherwise: Throttle) -> None:
    """Count every POST: by the line of the table for its endpoint, else by `otherwise`."""
    limiter = Limiter(client_network, storage_uri=settings.redis_url or "memory://", strategy="moving-window")
    # Set up, but not asked before every request: it would find no limit of its own each time. We count, and only POSTs.
    app.extensions.setdefault("limiter", set()).add(limiter)
    limiter.init_app(app)
    app.extensions[_KEY] = _Throttles(table, otherwise, limiter.limiter, MovingWindowRateLimiter(MemoryStorage()))
    if settings.throttling:
        app.before_request(_count)


def forgive(endpoint: str, account: str) -> None:
    """The account proved to be its owner's: what was counted against it there is forgotten. Not what its client did."""
    throttles = _throttles()
    limits, names = throttles.table[endpoint].account, _names(endpoint, "account", account)
    _with_counts(throttles, lambda counts: _clear(counts, limits, names))


def _clear(counts: RateLimiter, limits: str, names: tuple[str, ...]) -> int:
    for item in parse_many(limits):
        counts.clear(item, *names)
    return 0


def _count() -> None:
    if request.method != "POST" or request.endpoint is None:
        return
    wait = max(_waits(_throttles(), request.endpoint), default=0)
    if wait:
        raise TooOften(wait)


def _waits(throttles: _Throttles, endpoint: str) -> Iterator[int]:
    """The seconds to wait by each count; all of them count this request."""
    line, name = throttles.table.get(endpoint), endpoint
    if line is None:
        line, name = throttles.otherwise, "otherwise"
    for whose, limits, key in (("client", line.client, client_network()), ("account", line.account, line.of())):
        if limits and key is not None:
            wait = _with_counts(throttles, partial(_wait, limits=limits, names=_names(name, whose, key)))
            if wait:
                noted(f"throttled by {whose}: {endpoint}", is_bad=True)
            yield wait


def _wait(counts: RateLimiter, limits: str, names: tuple[str, ...]) -> int:
    """Count once; the seconds to wait when that was too often. What is refused is not counted."""
    full = [item for item in parse_many(limits) if not counts.hit(item, *names)]
    now = time.time()
    return max((max(1, math.ceil(counts.get_window_stats(item, *names).reset_time - now)) for item in full), default=0)


def _with_counts(throttles: _Throttles, work: Callable[[RateLimiter], int]) -> int:
    try:
        return work(throttles.main)
    except Exception:  # whatever a Redis client raises when nobody answers
        log.warning("the counts of the throttles do not answer; counting here", exc_info=True)
        return work(throttles.fallback)


def _names(endpoint: str, whose: str, key: str) -> tuple[str, ...]:
    """Keys hold a keyed digest: what somebody typed at the door does not lie about in Redis."""
    return ("mixlite", endpoint, whose, fingerprint("throttle", key)[:32])


def _throttles() -> _Throttles:
    found: _Throttles = current_app.extensions[_KEY]
    return found
