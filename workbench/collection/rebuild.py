"""One job of the optimizer: build segments as one beside the old ones, then swap them in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.collection.files import make_tail, open_arrays, sealed_info, segment_folder, tail_info
from workbench.errors import Closed
from workbench.segments import builder
from workbench.segments.optimizer import Plan
from workbench.segments.segment import Segment
from workbench.segments.tail import Tail
from workbench.segments.view import SegmentView, absent
from workbench.storage.arrays import ArrayStore
from workbench.storage.files import remove_folder
from workbench.storage.points import PointStore
from workbench.tasks import Progress, silent

if TYPE_CHECKING:
    from workbench.collection.collection import Collection


def rebuild(
    collection: Collection,
    plan: Plan,
    progress: Progress = silent,
    builder_name: str = "auto",
    device: str = "auto",
) -> None:
    """Build the plan's segments as one and let readers see it.

    Until the swap nothing but new files exists, which the next open would sweep away; after it the old files
    are removed, while readers that still hold them keep their mappings.
    """
    numbers = {s.segment.number for s in plan.segments}
    if any(isinstance(s.segment, Tail) for s in plan.segments):
        collection.write(lambda: _freeze(collection))
    view = collection.view
    sources, config = [s for s in view.segments if s.segment.number in numbers], view.config
    if not sources:
        return
    collection.verification.finish()
    number = collection.new_number()
    arrays = open_arrays(collection.folder, number)
    try:
        made = None
        if sum(s.live for s in sources):
            info = builder.build(
                sources, config, arrays, builder=builder_name, device=device, progress=progress
            )
            made = Segment(number, info, arrays, config, collection.store)
            made.check_left()
            made.index_sparse()  # here, in the background, and not in somebody's first search
        collection.write(lambda: _swap(collection, sources, made))
    except BaseException:
        # Ctrl-C stops the wait for the swap, not the swap: the writer, who did it or not, knows whether they
        # count.
        with suppress(Closed):
            collection.write(lambda: _discard(collection, number, arrays))
        raise
    for source in sources:
        _release(collection, source)
    collection.announce("indexed")


def _discard(collection: Collection, number: int, arrays: ArrayStore) -> None:
    unknown = all(s.segment.number != number for s in collection.view.segments)
    if unknown and collection.store.settle():  # else the swap may count after a crash; opening sweeps it up
        arrays.remove()


def _freeze(collection: Collection) -> None:
    """Leave the tail as it is and let writes go to a new one."""
    view, old = collection.view, collection.tail
    if old.count == 0:
        return
    first_key = old.first_key + old.count
    tail = make_tail(
        collection.folder, collection.new_number(), first_key, collection.config, collection.store
    )
    with collection.store.transaction():
        collection.store.add_segment(tail.number, "tail", tail_info(tail))
    collection.publish([*view.segments, SegmentView(tail, 0)])


def _swap(collection: Collection, sources: Sequence[SegmentView], made: Segment | None) -> None:
    """Replace `sources` by `made`; what was deleted from them during the build is dead in it too."""
    view, store = collection.view, collection.store
    built = {s.segment.number: s for s in sources}
    left, died = _deaths(view.segments, built)
    replacement: list[SegmentView] = []
    gone: set[str] = set()
    if made is not None:
        rows = made.rows_of_keys(died)
        # A name that was deleted meanwhile, and perhaps made anew, is not that of the vectors built.
        gone = set(made.names).difference(*(_names(s) for s in view.segments if s.segment.number in built))
        lacking = absent(view.config, set(made.names) - gone)
        replacement = [SegmentView(made, made.count, absent=lacking).with_dead(rows[rows >= 0])]
    with store.transaction():
        for number in built:
            store.drop_segment(number)
        if made is not None:
            store.add_segment(made.number, "sealed", sealed_info(made, gone))
            _take_versions(made, store)
        store.purge(left.tolist())
    rest = [s for s in view.segments if s.segment.number not in built]
    collection.publish([*(s for s in rest if s.sealed), *replacement, *(s for s in rest if not s.sealed)])


def _take_versions(made: Segment, store: PointStore) -> None:
    """Forget the payload versions that the new segment has taken over; those set during the build stay."""
    keys, operations = store.payload_versions()
    rows = made.rows_of_keys(keys)
    late = rows >= 0
    late[late] = made.versions(rows[late]) < operations[late]
    made.raise_versions(rows[late], operations[late])
    store.forget_payload_versions(keys[(rows >= 0) & ~late].tolist())


def _names(view: SegmentView) -> set[str]:
    """Return the vector names of which a segment may have vectors."""
    return set(view.segment.names) - set(view.absent)


def _deaths(
    now: Sequence[SegmentView], built: dict[int, SegmentView]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the keys that were left out of the build, and those that died while it ran."""
    left, died = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for segment in now:
        source = built.get(segment.segment.number)
        if source is None or segment.dead is None:
            continue
        dead = np.flatnonzero(segment.dead[: segment.count])
        before = np.zeros(len(dead), np.bool_) if source.dead is None else source.dead[dead]
        left.append(segment.segment.keys(dead[before]))
        died.append(segment.segment.keys(dead[~before]))
    return np.concatenate(left), np.concatenate(died)


def _release(collection: Collection, source: SegmentView) -> None:
    if isinstance(source.segment, Tail):
        source.segment.close()
    if collection.folder is not None:
        remove_folder(segment_folder(collection.folder, source.segment.number))
