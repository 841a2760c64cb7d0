"""What was asked of a service, and how long it took: counted by each surface, told by telemetry."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Surface = Literal["rest", "grpc"]

Key = tuple[str, str, int]
"""Collection (empty when it is about none), endpoint and status."""

# Upper bounds in seconds. A lookup in memory takes microseconds, an upload minutes.
BUCKETS = (0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0)


@dataclass(slots=True)
class Statistics:
    """Answers of one kind.

    Attributes
    ----------
    count : int
        How many.
    seconds, shortest, longest : float
        Their time in all, and of the quickest and the slowest.
    last : float
        When the last was given, seconds since 1970.
    buckets : list of int
        How many took at most as long as each of :data:`BUCKETS`, and longer than the one before; the last is
        for those that took longer than all.
    """

    count: int = 0
    seconds: float = 0.0
    shortest: float = float("inf")
    longest: float = 0.0
    last: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))

    def add(self, seconds: float, now: float) -> None:
        """Count one answer."""
        self.count += 1
        self.seconds += seconds
        self.shortest, self.longest = min(self.shortest, seconds), max(self.longest, seconds)
        self.last = now
        self.buckets[bisect_left(BUCKETS, seconds)] += 1

    def merged(self, other: Statistics) -> Statistics:
        """Return the statistics of both."""
        return Statistics(
            self.count + other.count,
            self.seconds + other.seconds,
            min(self.shortest, other.shortest),
            max(self.longest, other.longest),
            max(self.last, other.last),
            [a + b for a, b in zip(self.buckets, other.buckets, strict=True)],
        )


class Recorder:
    """Counts answers; any thread may call it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._seen: dict[Surface, dict[Key, Statistics]] = {"rest": {}, "grpc": {}}

    def observe(
        self, surface: Surface, endpoint: str, status: int, seconds: float, collection: str = ""
    ) -> None:
        """Count one answer.

        Parameters
        ----------
        surface : str
            ``rest`` or ``grpc``.
        endpoint : str
            Method and route, such as ``PUT /collections/{collection_name}``, or the path of the call, such as
            ``/qdrant.Points/Upsert``. Never a path with a name in it: there would be no end of them.
        status : int
            The HTTP status, or the number of the gRPC status.
        seconds : float
            From the request to the answer.
        collection : str
            The collection it was about.
        """
        now, key = time.time(), (collection, endpoint, status)
        with self._guard:
            seen = self._seen[surface]
            (seen.get(key) or seen.setdefault(key, Statistics())).add(seconds, now)

    def seen(self, surface: Surface, *, per_collection: bool = False) -> Mapping[Key, Statistics]:
        """Return what was counted, by collection or (with an empty name) over all of them."""
        with self._guard:
            found = {key: one.merged(Statistics()) for key, one in self._seen[surface].items()}
        if per_collection:
            return {key: one for key, one in found.items() if key[0]}
        total: dict[Key, Statistics] = {}
        for (_, endpoint, status), one in found.items():
            key = ("", endpoint, status)
            total[key] = total[key].merged(one) if key in total else one
        return total
