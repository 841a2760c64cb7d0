"""The map: its layout, colors, choices and labels, without a browser."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import workbench as wb
from workbench.errors import InvalidRequest
from workbench.models.points import IdArray
from workbench.views.state.coloring import Coloring, ramp
from workbench.views.state.lasso import inside


@pytest.fixture
def zoo() -> Iterator[wb.Collection]:
    draw = np.random.default_rng(2)
    kind = np.repeat(["cat", "ship", "tree"], 60)
    middle = {
        "cat": draw.normal(size=8) * 5,
        "ship": draw.normal(size=8) * 5,
        "tree": draw.normal(size=8) * 5,
    }
    vectors = np.array([middle[k] for k in kind]) + draw.normal(size=(180, 8))
    says = {"cat": "a cat purrs softly", "ship": "a ship sails far", "tree": "a tree grows tall"}
    rows = [{"says": f"{says[k]} number {i}", "kind": k, "size": float(i)} for i, k in enumerate(kind)]
    with wb.open() as db:
        yield db.create("zoo", rows, vectors=vectors, progress=False)


@pytest.mark.timeout(300)  # in a fresh checkout kernels are compiled
def test_a_map_lays_out_every_point_and_names_its_regions(zoo: wb.Collection) -> None:
    shown = zoo.map().wait()
    assert shown.state.layout.shape == (180, 2)
    assert shown.problem == ""
    assert shown.state.kept > 0.3
    assert {r["name"].split(", ")[0] for r in shown.state.regions} <= {
        "cat", "purrs", "softly", "ship", "sails", "far", "tree", "grows", "tall",
    }  # fmt: skip
    frame = shown.layout_frame
    assert list(frame.columns) == ["id", "x", "y", "region"]
    assert len(frame) == 180
    assert "keeps" in repr(shown)


def test_a_lasso_chooses_points_and_a_label_reaches_the_engine_and_back(zoo: wb.Collection) -> None:
    shown = zoo.map(method="pca").wait()
    low, high = shown.state.layout.min(axis=0) - 1, shown.state.layout.max(axis=0) + 1
    shown.lasso([low, [high[0], low[1]], high, [low[0], high[1]]])
    assert len(shown.selection) == 180
    shown.selection = [1, 2, 3]
    assert shown.state.selection.tolist() == [1, 2, 3]
    assert shown.label("group", "mine") == 3
    assert zoo.count({"group": "mine"}) == 3
    assert shown.color == "group"
    zoo.set_payload({"group": "old"}, [1])
    shown.label("group", "new")
    assert shown.undo() == "group"
    assert [r.payload.get("group") for r in zoo.get([1, 2, 3])] == ["old", "mine", "mine"]
    assert shown.undo() == "group"
    assert zoo.count({"group": "mine"}) == 0
    assert shown.undo() == ""


def test_a_label_of_few_points_colors_the_map_until_it_is_undone() -> None:
    rows = [{"name": f"point {i}"} for i in range(1_000)]
    vectors = np.random.default_rng(0).normal(size=(1_000, 8))
    shown = (
        wb.open().create("many", rows, vectors=vectors, progress=False).map(method="pca", limit=900).wait()
    )
    shown.selection = shown.state.cloud.ids(np.array([1, 2])).tolist()
    shown.label("shelf", "the sea")
    assert (shown.color, shown.problem) == ("shelf", "")
    assert [(line["text"], line["count"]) for line in shown.view._legend] == [("the sea", 2), ("other", 898)]
    assert ["shelf", "shelf"] in shown.view._colors
    assert shown.code == "collection.map(limit=900, method='pca', color='shelf')"
    shown.undo()
    assert (shown.color, shown.problem) == ("cluster", "")
    assert ["shelf", "shelf"] not in shown.view._colors


def test_labels_under_several_keys_are_undone_to_the_colors_before_each(zoo: wb.Collection) -> None:
    shown = zoo.map(method="pca").wait()
    shown.selection = [1, 2, 3]
    shown.label("first", "a")
    shown.label(" second ", "b")
    assert shown.color == "second"
    shown.label("first", "c")
    seen = []
    while shown.undo():
        seen.append(shown.color)
    assert seen == ["first", "first", "cluster"]


def test_a_label_whose_key_has_dots_is_undone(zoo: wb.Collection) -> None:
    shown = zoo.map(method="pca").wait()
    shown.selection = [1]
    shown.label("a.b", "c")
    assert zoo.get([1])[0].payload["a.b"] == "c"
    shown.undo()
    assert "a.b" not in zoo.get([1])[0].payload


def test_points_are_called_by_their_short_texts() -> None:
    long = "a text that says more about its point than its name, and in many more words than a list shows"
    rows = [{"code": str(i), "extract": f"{long} {i}", "title": f"The {i}th"} for i in range(60)]
    vectors = np.random.default_rng(0).normal(size=(60, 8))
    shown = wb.open().create("named", rows, vectors=vectors, progress=False).map(method="pca").wait()
    shown.selection = [7]
    assert [line["text"] for line in shown.view._chosen] == ["7 · The 7th"]
    assert shown._tip(7).splitlines() == ["The 7th", f"{long} 7", "id: 7", "code: 7"]


def test_a_label_without_points_or_key_is_refused(zoo: wb.Collection) -> None:
    shown = zoo.map(method="pca").wait()
    with pytest.raises(InvalidRequest, match="expected chosen points"):
        shown.label("group", "x")
    shown.selection = [1]
    with pytest.raises(InvalidRequest, match="expected a payload key"):
        shown.label(" ", "x")


def test_a_click_shows_the_true_neighbors_and_the_false_ones(zoo: wb.Collection) -> None:
    shown = zoo.map(method="pca", k=5).wait()
    shown.state.anchor = 7
    true = [n["row"] for n in shown.state.neighbors if n["true"]]
    hits = zoo.similar(7, k=5)
    assert shown.state.cloud.ids(np.array(true)).tolist() == hits.ids
    assert set(shown.selection) == {7, *hits.ids}
    assert all(not n["near"] or n["row"] != 7 for n in shown.state.neighbors)


@pytest.mark.parametrize("color", ["kind", "size", "cluster", "trust", ""])
def test_points_are_colored_by_fields_regions_and_trust(zoo: wb.Collection, color: str) -> None:
    shown = zoo.map(method="pca", color=color).wait()
    coloring = shown.state.coloring
    assert (coloring.hue < len(coloring.palette)).all()
    assert shown.problem == ""
    if color == "kind":
        assert [(e["text"], e["count"]) for e in coloring.legend] == [("cat", 60), ("ship", 60), ("tree", 60)]


def test_an_unknown_color_is_a_problem_with_advice_and_keeps_the_map(zoo: wb.Collection) -> None:
    shown = zoo.map(method="pca").wait()
    shown.color = "nothing such"
    assert "expected one of says, kind, size" in shown.problem
    assert shown.state.layout is not None


def test_new_points_are_placed_and_deleted_ones_leave(zoo: wb.Collection) -> None:
    shown = zoo.map(method="pca").wait()
    before = shown.state.layout.copy()
    source = zoo.get([0], vectors=True)[0].vectors
    vector = source[""] if isinstance(source, dict) else source
    zoo.add([{"says": "one more cat", "kind": "cat"}], vectors=[vector], id=[500], progress=False)
    zoo.delete([100])
    shown.state.look_around()
    zoo.delete([101])
    assert shown.refresh() == 1
    at = shown.state.cloud.numbers_of(IdArray.of([500, 100, 0])).tolist()
    assert at[1] == -1
    assert np.linalg.norm(shown.state.layout[at[0]] - shown.state.layout[at[2]]) < 2.0
    assert np.allclose(shown.state.layout[at[2]], before[0])


def test_cancel_keeps_the_map_as_far_as_it_was_made(zoo: wb.Collection) -> None:
    shown = zoo.map(method="pca").wait()
    shown.method = "umap"
    shown.cancel()
    shown.wait()
    assert shown.state.layout.shape == (180, 2)


def test_wrong_settings_and_empty_maps_are_refused(zoo: wb.Collection) -> None:
    with pytest.raises(InvalidRequest, match="did you mean n_neighbors="):
        zoo.map(n_neighbor=5)
    with pytest.raises(InvalidRequest, match="at least 1 point"):
        zoo.map(where={"kind": "none"})
    with pytest.raises(InvalidRequest, match="method"):
        zoo.map(method="isomap")


def test_the_code_shown_makes_the_same_map(zoo: wb.Collection) -> None:
    shown = zoo.map(method="pca", color="kind", where={"size": {"gte": 10}}).wait()
    again = eval(shown.code, {"collection": zoo}).wait()
    assert np.allclose(again.state.layout, shown.state.layout)
    assert again.code == shown.code


def test_a_map_that_nobody_runs_is_a_picture(zoo: wb.Collection) -> None:
    data, _ = zoo.map(method="pca").wait()._repr_mimebundle_()
    assert 'src="data:image/png;base64,' in data["text/html"]
    assert len(data["text/html"]) < 100_000


def test_two_vectors_are_compared_on_two_maps() -> None:
    draw = np.random.default_rng(0)
    one = draw.normal(size=(80, 6))
    with wb.open() as db:
        both = db.create(
            "both", [{"n": i} for i in range(80)], vectors={"a": one, "b": one[:, ::-1] * 2}, progress=False
        )
        shown = both.map(vector="a", compare="b", method="pca", color="overlap").wait()
        assert shown.state.second.shape == (80, 2)
        assert shown.state.overlap().mean() == 1.0


def test_a_ring_of_corners_holds_what_is_inside() -> None:
    places = np.array([[0.5, 0.5], [1.5, 0.5], [0.1, 0.9], [0.5, 1.1]])
    assert inside(places, np.array([[0, 0], [1, 0], [1, 1], [0, 1]])).tolist() == [True, False, True, False]
    assert not inside(places, np.array([[0, 0], [1, 1]])).any()


def test_scales_leave_outliers_at_their_ends_and_gaps_gray() -> None:
    coloring = Coloring.scale(np.array([0.0, 0.5, 1.0, np.nan, 9.0]), "size", (0.0, 1.0))
    assert [coloring.palette[h] for h in coloring.hue] == [
        ramp(0),
        coloring.palette[124],
        ramp(1),
        "#9aa0a6",
        ramp(1),
    ]
    assert coloring.legend[0]["low"] == 0.0
