"""What a sealed segment reads when it is opened, and what when it is searched."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.segments.test_optimizer import STORE, config, sealed, tail
from workbench import kernels
from workbench.errors import Corrupted, StorageFailed
from workbench.models.query import SearchParams
from workbench.query import nearest
from workbench.query.plan import Choice
from workbench.segments import builder
from workbench.segments.segment import Segment
from workbench.segments.vector_columns import VectorColumn
from workbench.segments.view import View
from workbench.storage.arrays import FolderArrays


@pytest.mark.parametrize("params", [SearchParams(), SearchParams(indexed_only=True)])
def test_while_kernels_are_loading_a_search_reads_vectors_only(
    monkeypatch: pytest.MonkeyPatch, params: SearchParams
) -> None:
    view, choices = sealed(100), list[Choice]()
    segment = view.segment
    assert isinstance(segment, Segment)
    monkeypatch.setattr(kernels, "ready", lambda module=kernels.CPU: False)
    found = nearest.search(
        View((view,), config(), STORE), "", np.ones(2, np.float32), 3, params=params, choices=choices
    )
    assert found.rows.tolist() == [0, 1, 2]
    assert choices[0].reason == "the compiled kernels are still loading"
    before = segment.checked

    column = view.column("")
    assert isinstance(column, VectorColumn)
    assert column.searcher is not None
    assert (before, segment.checked) == (False, True)
    assert view.bare("") is column


def test_a_manifest_that_does_not_tell_how_to_read_a_graph_is_named() -> None:
    segment = sealed(50).segment
    assert isinstance(segment, Segment)
    del segment.info["vectors"][""]["graph"]["entry"]
    with pytest.raises(Corrupted, match=r"does not tell how to read '' \(KeyError: 'entry'\)"):
        segment.column("", 50)


def test_a_graph_that_the_system_cannot_read_now_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = FolderArrays(tmp_path)
    info = builder.build([tail(50)], config(), arrays)
    segment = Segment(2, info, arrays, config(), STORE)

    def fails(*_: Any) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("workbench.storage.arrays.io.FileIO", fails)
        with pytest.raises(StorageFailed, match=r"graph-0-.*\.npy: Too many open files"):
            segment.column("", 50)
    assert segment.column("", 50).searcher is not None  # type: ignore[union-attr]
    assert segment.damaged == []
