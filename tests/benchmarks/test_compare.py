import numpy as np

from tests.benchmarks import compare
from tests.benchmarks.compare import Cell
from tests.benchmarks.peers import Peer


class Known(Peer):
    """Finds the ids 0, 1, … below its effort."""

    efforts = (1, 2)

    def searcher(self, k, effort):
        return lambda query: list(range(effort))

    def ids(self, answer):
        return answer


def cells(*pairs):
    return [Cell(effort, recall, 10, 10, cpu=cpu, wall=cpu) for effort, (recall, cpu) in enumerate(pairs)]


def test_recall_is_the_share_of_the_exact_answers_that_were_found():
    assert compare.hits([[0, 1], [2, 9]], np.array([[1, 0], [2, 3]])) == 0.75


def test_recall_is_taken_over_the_queries_that_were_asked():
    assert compare.hits([[0, 1]], np.array([[1, 0], [2, 3]])) == 1.0


def test_a_sweep_asks_every_effort_once_for_recall_and_once_a_round_for_speed():
    found = compare.sweep({"known": Known()}, np.zeros((20, 3)), np.tile([0, 1], (20, 1)), rounds=3)
    assert [(cell.effort, cell.recall, len(cell.cpu)) for cell in found["known"]] == [
        (1, 0.5, 3),
        (2, 1.0, 3),
    ]


def test_a_ratio_compares_engines_within_a_round():
    found = {
        "hnswlib": cells((0.9, [100.0, 400.0, 100.0]), (1.0, [100.0, 400.0, 100.0])),
        "other": cells((0.9, [200.0, 800.0, 200.0]), (1.0, [200.0, 800.0, 200.0])),
    }
    at = compare.reached(found, [0.95])["0.95"]["other"]
    assert at["cpu"]["most"] == 800.0
    assert at["ratio"] == {"median": 2.0, "least": 2.0, "most": 2.0}


def test_an_engine_that_never_finds_enough_has_no_figure():
    found = {"hnswlib": cells((0.99, [100.0])), "other": cells((0.8, [200.0]))}
    assert compare.reached(found, [0.95])["0.95"]["other"] is None


def test_without_the_reference_there_are_speeds_and_no_ratios():
    at = compare.reached({"other": cells((0.99, [200.0]))}, [0.95])["0.95"]["other"]
    assert (at["cpu"]["median"], "ratio" in at) == (200.0, False)


def test_an_engine_that_fails_is_left_out_with_the_reason():
    class Broken(Known):
        def searcher(self, k, effort):
            raise ValueError("ef is too small")

    failed = {}
    engines = {"known": Known(), "broken": Broken()}
    found = compare.sweep(engines, np.zeros((20, 3)), np.tile([0, 1], (20, 1)), rounds=1, failed=failed)
    assert (list(found), failed) == (["known"], {"broken": "ValueError: ef is too small"})
