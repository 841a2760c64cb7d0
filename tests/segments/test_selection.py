from __future__ import annotations

import numpy as np

from workbench.segments.selection import SEEDS, Selection


def test_a_selection_knows_the_vectors_that_it_lets_through() -> None:
    some = Selection(np.array([False, True, True, False]), 4)
    assert (some.count, some.chosen.tolist(), some.seeds.tolist()) == (2, [1, 2], [1, 2])
    assert some.chosen.dtype == np.int32


def test_a_mask_that_lets_all_through_is_none() -> None:
    everything = Selection(np.ones(3, np.bool_), 3)
    assert everything.mask is None
    assert everything.chosen.tolist() == [0, 1, 2]


def test_nothing_is_a_selection_too() -> None:
    nothing = Selection(np.zeros(3, np.bool_), 3)
    assert (nothing.count, nothing.chosen.tolist(), nothing.seeds.tolist()) == (0, [], [])


def test_seeds_are_spread_over_the_selection() -> None:
    seeds = Selection(np.ones(1000, np.bool_), 1000).seeds
    assert (len(seeds), seeds[0], seeds[-1]) == (SEEDS, 0, 999)
    assert np.diff(seeds).min() > 50
