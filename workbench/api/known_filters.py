"""Filters that were read before: a request that repeats one means the same object.

What is worked out from a filter is kept under its identity (``SegmentView.selection``), since equal filters
may mean different things. A program that asks over a wire makes a new one for each request: without this
each of its searches would evaluate the filter again.
"""

from __future__ import annotations

import marshal
import threading
from typing import Any

from workbench.models.filter_json import parse_filter
from workbench.models.filters import Filter

KEPT = 256
"""How many are known at a time: those of many programs at once, in at most 4 MB of keys."""

LONGEST = 1 << 14
"""Bytes of the longest key that is kept; 400 ids with hyphens take as much."""

# The last version that writes nothing but the value itself, no matter who else refers to it.
_VERSION = 2

_guard = threading.Lock()
_known: dict[bytes, Filter] = {}


def known_filter(value: Any, where: str = "filter") -> Filter:
    """Return the filter that a JSON object means; the same one for the same object, if it is still known.

    Raises
    ------
    InvalidRequest
        As ``parse_filter`` does.
    """
    try:
        # Unlike JSON, it tells 1 from 1.0 and True, has NaN, and refuses what is no plain value.
        key = marshal.dumps(value, _VERSION)
    except ValueError:
        return parse_filter(value, where)
    known = _known.get(key)
    if known is not None:
        return known
    made = parse_filter(value, where)
    if len(key) > LONGEST:
        return made
    with _guard:
        while len(_known) >= KEPT:
            del _known[next(iter(_known))]
        # Another thread may have read the same meanwhile.
        return _known.setdefault(key, made)
