"""A whole run in small: this engine and hnswlib on 2,000 points."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks import __main__ as program
from tests.benchmarks import exact, filtered, readme, report, search, sets
from tests.benchmarks.peers import PEERS, Points, present
from tests.benchmarks.session import Session

# Chroma's own, about collections without an embedding function.
pytestmark = pytest.mark.filterwarnings("ignore:legacy embedding function:DeprecationWarning")


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((2000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    truth, kth = sets.exact(vectors, vectors[:50], cosine=True)
    return sets.BenchSet(
        "random", "Cosine", vectors, vectors[:50], pd.DataFrame({"n": range(2000)}), truth, kth
    )


ENGINES = (
    "workbench",
    "hnswlib",
    "qdrant-edge",
    "qdrant-edge int8",
    "faiss",
    "faiss SQ8",
    "faiss flat",
    "svs",
    "svs LVQ",
    "usearch",
    "chroma",
    "lancedb",
    "qdrant local",
    "numpy",
)


@pytest.mark.parametrize("distance", ["Cosine", "Euclid"])
@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_finds_again_what_it_kept_when_it_is_opened(name, distance, data, tmp_path):
    made, missing = present([name])
    if missing:
        pytest.skip(missing[name])
    made[name].build(Points(data.vectors * (1 if distance == "Cosine" else 3), distance), tmp_path / "index")
    made[name].close()
    opened = PEERS[name]()
    opened.open(tmp_path / "index")
    ask = opened.searcher(10, 100)
    queries = data.queries[:5] * (1 if distance == "Cosine" else 3)
    assert [opened.ids(ask(query))[0] for query in queries] == [0, 1, 2, 3, 4]
    opened.close()


@pytest.mark.parametrize("name", [name for name in ENGINES if PEERS[name].filtered is not None])
def test_an_engine_returns_only_what_a_filter_accepts(name, data, tmp_path):
    made, missing = present([name])
    if missing:
        pytest.skip(missing[name])
    payloads = pd.DataFrame({"n": np.arange(2000), "kind": ["a", "b"] * 1000})
    made[name].build(Points(data.vectors, "Cosine", payloads), tmp_path / "index")
    even = made[name].filtered(10, 100, {"kind": "a"})
    first = made[name].filtered(10, 100, {"n": {"lt": 100}})
    found = [made[name].ids(ask(data.queries[1])) for ask in (even, first)]
    assert all(point % 2 == 0 for point in found[0])
    assert all(point < 100 for point in found[1])
    assert (len(found[0]), found[1][0]) == (10, 1)
    made[name].close()


def test_an_engine_that_is_not_installed_is_named_and_left_out(monkeypatch):
    monkeypatch.setattr(PEERS["lancedb"], "module", "not_installed_here")
    assert present(["lancedb", "numpy"])[1] == {"lancedb": "lancedb is not installed"}


def test_a_mode_of_writing_is_not_measured_as_another_engine_of_searches():
    asked = {*search.ENGINES, *exact.ENGINES, *filtered.ENGINES}
    assert {name for name in asked if name.startswith("workbench")} == {"workbench"}


@pytest.mark.long
def test_a_run_measures_both_engines_and_tells_it_in_json_markdown_and_a_picture(data, tmp_path, monkeypatch):
    monkeypatch.setattr(program, "RESULTS", tmp_path)
    with Session(data, rounds=1, peers=("workbench", "hnswlib")) as session:
        results = {
            "machine": program.machine(),
            "data": "random",
            "command": "",
            "search": search.run(session),
        }
    program.save(results, "small")
    kept = json.loads((tmp_path / "small.json").read_text())["search"]
    assert list(kept["engines"]) == ["workbench", "hnswlib"]
    assert kept["reached"]["0.95"]["hnswlib"]["ratio"] == {"median": 1.0, "least": 1.0, "most": 1.0}
    assert all(cost["cpu"] > 0 and cost["disk_mb"] > 0 for cost in kept["building"].values())
    assert "| hnswlib" in (tmp_path / "small.md").read_text()
    assert ET.parse(tmp_path / "small-search.svg").getroot().tag.endswith("svg")


def test_a_table_says_which_engines_were_left_out_and_why():
    assert report.left_out({"lancedb": "not installed"}) == "\n\nNot measured: lancedb (not installed)."


def test_the_readme_gets_a_row_an_engine_between_its_comments():
    at = {"floor": False, "cpu": {"median": 7000.0}, "ratio": {"median": 2.0}}
    search = {
        "points": 1000, "dim": 8, "data": "wordnet", "k": 10, "rounds": 5,
        "engines": {"slow": {}, "fast": {}},
        "reached": {"0.95": {"slow": {"floor": True, "cpu": {"median": 12.0}}, "fast": at}},
        "building": {"slow": {"cpu": 1.5}, "fast": {"cpu": 2.5}},
        "opening": {name: {"first_answer": 0.1, "resident_mb": 30} for name in ("slow", "fast")},
    }  # fmt: skip
    before = "# A\n<!-- peers: how -->\nold\n<!-- /peers -->\n## More\n"
    after = readme.written(before, {"wordnet": {"machine": {"cpu": "a processor"}, "search": search}})
    assert "| fast | 7,000 (2.00 ×) | 2.5 | 0.1 | 30 |\n| slow | ≥ 12 | 1.5 | 0.1 | 30 |" in after
    assert "old" not in after
    assert after.endswith("<!-- /peers -->\n## More\n")
