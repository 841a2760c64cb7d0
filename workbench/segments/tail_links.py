"""Which sealed graph the vectors of a tail are linked to, and the next step of linking them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench import kernels
from workbench.indexes.live_links import LiveLinks, fits
from workbench.segments.tail import Tail
from workbench.segments.vector_columns import VectorColumn
from workbench.segments.view import SegmentView, View

# Fewer vectors are scanned in 15 µs; and copying a graph takes 1.2 µs a node, linking a vector 75.
LEAST, LEAST_SHARE = 2048, 1 / 64


@dataclass(frozen=True, slots=True)
class TailLinks:
    """The vectors of one name in a tail as nodes of a sealed graph.

    Attributes
    ----------
    base : int
        The number of the sealed segment.
    links : LiveLinks
    """

    base: int
    links: LiveLinks


def waiting(view: View) -> bool:
    """Whether there are vectors to be linked."""
    return next(_work(view), None) is not None


def advance(view: View) -> bool:
    """Link some vectors of the tails of a view; return whether there was anything to do.

    Only one thread may do so. Nothing is done while kernels are loading.
    """
    for tail, name, base, column in _work(view):
        assert isinstance(tail.segment, Tail)
        own = tail.segment.links.get(name)
        if own is None:
            assert base is not None
            searcher = base.dense(name).searcher
            assert searcher is not None
            own = tail.segment.links[name] = TailLinks(base.segment.number, LiveLinks(searcher))
        sealed = _of(view, own.base)
        if sealed is None:
            continue
        own.links.link(column.searched, _dead(sealed, name), _dead(tail, name))
        return True
    return False


def _work(view: View) -> Iterator[tuple[SegmentView, str, SegmentView | None, VectorColumn]]:
    """Yield the tails whose vectors of a name are to be linked, and to what if they have no links yet."""
    for tail in view.segments:
        if not isinstance(tail.segment, Tail) or tail.count < LEAST:
            continue
        for name, params in view.config.vectors.items():
            if params.multivector or name in tail.absent or name not in tail.segment.names:
                continue
            column, own = tail.dense(name), tail.segment.links.get(name)
            if own is not None:
                if own.links.useful and own.links.linked < column.count and _of(view, own.base) is not None:
                    yield tail, name, None, column
            elif (base := _base(view, name, column.count)) is not None and _loaded():
                yield tail, name, base, column


def _loaded() -> bool:
    """Whether the kernels are ready; if not, those that are missing are being loaded."""
    wanted = [kernels.wanted(module) for module in (kernels.LINKED, kernels.BUILDING, kernels.GROWING)]
    return all(wanted)


def _base(view: View, name: str, count: int) -> SegmentView | None:
    """Return the largest sealed segment that so many vectors of a name are worth being linked to."""
    taken = {
        own.base
        for tail in view.segments
        if isinstance(tail.segment, Tail) and (own := tail.segment.links.get(name)) is not None
    }
    best = None
    for segment in view.segments:
        if not segment.sealed or segment.segment.number in taken or name in segment.absent:
            continue
        column = segment.dense(name)
        if column.searcher is None or column.quantized is not None or not fits(column.searcher):
            continue
        if count >= max(LEAST, LEAST_SHARE * column.count) and (best is None or segment.count > best.count):
            best = segment
    return best


def _of(view: View, number: int) -> SegmentView | None:
    return next((s for s in view.segments if s.segment.number == number), None)


def _dead(segment: SegmentView, name: str) -> npt.NDArray[np.bool_]:
    """Return which vectors of a name are those of dead rows."""
    column = segment.dense(name)
    if segment.dead is None:
        return np.zeros(column.count, np.bool_)
    dead = segment.dead[: segment.count]
    return dead if column.rows is None else dead[column.rows]
