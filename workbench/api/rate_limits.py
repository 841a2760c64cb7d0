"""How often a collection may be read and written: token buckets that fill in a minute."""

from __future__ import annotations

import math
import threading
import time
from typing import Literal
from weakref import WeakKeyDictionary

from workbench.collection.collection import Collection
from workbench.errors import RateLimited

Kind = Literal["read", "write"]


class Bucket:
    """Tokens for one minute's operations, refilled evenly; full at first, so that a burst passes.

    Parameters
    ----------
    capacity : int
        Operations a minute.
    now : float
        The time of a monotonic clock, in seconds.
    """

    def __init__(self, capacity: int, now: float) -> None:
        self.capacity, self._tokens, self._filled = capacity, float(capacity), now

    def take(self, cost: int, now: float) -> float | None:
        """Take `cost` tokens; return None, or the seconds until there are enough and take none."""
        self._tokens = min(self.capacity, self._tokens + (now - self._filled) * self.capacity / 60)
        self._filled = now
        if self._tokens >= cost:
            self._tokens -= cost
            return None
        return (cost - self._tokens) * 60 / self.capacity

    @property
    def tokens(self) -> float:
        """What was left at the last call."""
        return self._tokens


_guard = threading.Lock()
_buckets: WeakKeyDictionary[Collection, dict[Kind, Bucket]] = WeakKeyDictionary()


def spend(collection: Collection, kind: Kind, cost: int, capacity: int) -> None:
    """Count an operation against the limit of `capacity` a minute.

    Raises
    ------
    RateLimited
        When it has to wait, or is larger than the limit and can never pass.
    """
    title = kind.capitalize()
    if cost > capacity:
        raise RateLimited(
            f"{title} rate limit exceeded, request larger than than rate limiter capacity, please try to "
            "split your request",
            None,  # a client that is told when to ask again does so for ever
        )
    now = time.monotonic()
    with _guard:
        own = _buckets.setdefault(collection, {})
        bucket = own.get(kind)
        if bucket is None or bucket.capacity != capacity:
            bucket = own[kind] = Bucket(capacity, now)
        wait = bucket.take(cost, now)
    if wait is not None:
        seconds = max(1, math.ceil(wait))
        raise RateLimited(
            f"{title} rate limit exceeded: Operation requires {cost} tokens but only {bucket.tokens:.1f} "
            f"were available. Retry after {seconds}s",
            seconds,
        )
