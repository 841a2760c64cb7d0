from __future__ import annotations

import uuid

from workbench.models.points import IdArray
from workbench.segments.ids import IdDictionary, IdIndex

A, B = uuid.UUID(int=1), uuid.UUID(int=1 << 64 | 1)


def test_an_index_finds_the_newest_row_of_an_id() -> None:
    index = IdIndex(IdArray.of([5, 3, 5, 2**64 - 1]))
    assert index.locate(IdArray.of([5, 3, 4, 2**64 - 1, 0])).tolist() == [2, 1, -1, 3, -1]


def test_an_index_tells_integers_from_uuids_of_the_same_bits() -> None:
    index = IdIndex(IdArray.of([1, A, B, A]))
    assert index.locate(IdArray.of([A, 1, B, uuid.UUID(int=2)])).tolist() == [3, 0, 2, -1]
    assert IdIndex(IdArray.of([1, 2])).locate(IdArray.of([A, 2])).tolist() == [-1, 1]
    assert IdIndex(IdArray.of([A])).locate(IdArray.of([1])).tolist() == [-1]


def test_an_index_of_nothing_finds_nothing() -> None:
    assert IdIndex(IdArray.of([])).locate(IdArray.of([1])).tolist() == [-1]
    assert IdIndex(IdArray.of([1])).locate(IdArray.of([])).tolist() == []


def test_a_position_is_how_many_ids_are_smaller() -> None:
    index = IdIndex(IdArray.of([B, 7, 3, A]))
    assert [index.position(i) for i in (0, 3, 4, 8, A, B, uuid.UUID(int=2**128 - 1))] == [0, 0, 1, 2, 2, 3, 4]
    assert IdIndex(IdArray.of([3, 7])).position(A) == 2


def test_a_dictionary_grows_while_an_index_of_its_beginning_stays() -> None:
    ids = IdDictionary()
    ids.append(IdArray.of([3, 1]))
    before = ids.index(2)
    ids.append(IdArray.of([A, 3]))
    assert ids.locate(IdArray.of([3, 1, A, 9])).tolist() == [3, 1, 2, -1]
    assert before.locate(IdArray.of([3])).tolist() == [0]
    assert ids.index(2).locate(IdArray.of([3, A])).tolist() == [0, -1]
    assert ids.first(3).tolist() == [3, 1, A]


def test_a_dictionary_finds_the_newest_row_of_old_ids_among_new_ones() -> None:
    ids = IdDictionary()
    ids.append(IdArray.of([7, 3, 7]))
    assert ids.locate(IdArray.of([8, 9])).tolist() == [-1, -1]
    assert ids.locate(IdArray.of([9, 3, 7])).tolist() == [-1, 1, 2]
