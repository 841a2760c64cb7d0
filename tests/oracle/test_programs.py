"""Random collections, writes, filters and queries are answered as Qdrant's own core answers them.

Every program makes the same calls to both. ``make test PYTEST='-m long tests/oracle'`` runs many more; one
that fails prints its seed and the smallest program of calls that repeats it. What the two answer differently
on purpose is listed in ``workbench/testing/disagreements.py``.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.oracle.random_programs import program
from tests.oracle.stores import Differs, replay, report

QUICK, MANY, A_TEST = 40, 400, 20


@pytest.mark.parametrize("first", range(0, QUICK, A_TEST))
def test_random_programs_go_as_in_qdrants_core(first: int) -> None:
    agree(range(first, first + A_TEST))


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(QUICK, QUICK + MANY, A_TEST))
def test_many_more_programs_go_as_in_qdrants_core(first: int) -> None:
    agree(range(first, first + A_TEST))


def agree(seeds: range) -> None:
    went: Counter[str] = Counter()
    for seed in seeds:
        made = program(seed)
        try:
            went.update(replay(made))
        except Differs as found:
            pytest.fail(report(seed, made, found), pytrace=False)
    assert went["answered"] > 20 * len(seeds), went
