import pytest

from tests.benchmarks import curves
from tests.benchmarks.curves import Reached


def test_speed_at_a_recall_lies_on_the_line_through_the_logarithms_of_its_neighbors():
    assert curves.at_recall([(0.90, 8000.0), (0.98, 2000.0)], 0.94) == Reached(4000.0, False)


def test_a_recall_that_was_measured_needs_no_interpolation():
    assert curves.at_recall([(0.90, 8000.0), (0.95, 3000.0), (0.98, 2000.0)], 0.95) == Reached(3000.0, False)


def test_a_recall_out_of_reach_has_no_speed():
    assert curves.at_recall([(0.80, 8000.0), (0.94, 2000.0)], 0.95) is None


def test_where_the_least_effort_finds_more_than_wanted_its_speed_is_a_floor():
    assert curves.at_recall([(0.97, 8000.0), (0.99, 2000.0)], 0.95) == Reached(8000.0, True)


def test_an_exact_engine_has_one_speed_at_every_recall():
    assert curves.at_recall([(1.0, 150.0)], 0.99) == Reached(150.0, True)


def test_a_cell_that_finds_less_and_is_slower_than_another_does_not_count():
    assert curves.frontier([(0.90, 3000.0), (0.95, 5000.0), (0.99, 2000.0)]) == [
        (0.95, 5000.0),
        (0.99, 2000.0),
    ]


def test_the_order_of_the_cells_does_not_matter():
    cells = [(0.98, 2000.0), (0.90, 8000.0)]
    assert curves.at_recall(cells, 0.94) == curves.at_recall(cells[::-1], 0.94)


def test_a_summary_has_the_median_and_both_ends():
    assert curves.summary([3.0, 1.0, 2.0]) == {"median": 2.0, "least": 1.0, "most": 3.0}


@pytest.mark.parametrize(
    ("values", "exponent"), [([5.0, 5.0, 5.0], 0.0), ([1.0, 10.0, 100.0], 1.0), ([1.0, 100.0, 1e4], 2.0)]
)
def test_growth_is_the_exponent_of_a_power_law(values, exponent):
    assert curves.growth([1_000, 10_000, 100_000], values) == exponent
