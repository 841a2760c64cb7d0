"""Figures of rich reprs: what is told is there in words, and what comes from data is escaped."""

from __future__ import annotations

import re

import numpy as np

from workbench.surfaces.notebook import figures
from workbench.surfaces.notebook.figures import Bar


def test_the_longest_bar_is_as_wide_as_asked_and_the_others_in_proportion() -> None:
    made = figures.bars([Bar("scan", 400.0, "400 µs"), Bar("walk", 100.0, "100 µs", strong=True)], width=200)
    assert re.findall(r"width:(\d+)px", made) == ["200", "50"]
    assert "<b>walk</b>" in made


def test_names_are_escaped() -> None:
    assert "<script>" not in figures.bars([Bar("<script>", 1.0, "<script>")])
    assert "<script>" not in figures.stages([("<script>", 1.0, "<script>")])
    assert "<script>" not in figures.degree_chart(np.array([1]), np.array([1]), "<script>")
    assert "<script>" not in figures.timeline([("<script>", 0.0, 1.0, "<script>")])


def test_stages_share_the_width_by_their_time() -> None:
    made = figures.stages([("filter", 1.0, "1 µs"), ("search", 3.0, "3 µs")], width=400)
    assert re.findall(r"flex:0 0 ([\d.]+)px", made) == ["100.0", "300.0"]
    assert 'aria-label="filter 1 µs, search 3 µs"' in made


def test_a_chart_of_degrees_has_a_bar_for_each_degree_that_occurs() -> None:
    made = figures.degree_chart(np.array([0, 5, 10]), np.array([1, 4, 10]), "segment 0")
    assert re.findall(r"<title>(.*?)</title>", made) == ["1 links leave 5 nodes", "2 links leave 10 nodes"]
    assert made.count("<polyline") == 1


def test_widths_tell_which_found_it() -> None:
    made = re.sub("<[^>]+>", " ", figures.widths([(64, 9), (16, None)], 16)).split()
    assert made == ["ef", "16", "✕", "missed", "←", "this", "search", "ef", "64", "●", "found,", "place", "9"]


def test_jobs_stand_where_their_time_was() -> None:
    made = figures.timeline([("seal", 10.0, 5.0, "5 s"), ("merge", 15.0, 5.0, "5 s")], width=400)
    assert re.findall(r"inline-block;width:(\d+)px", made) == ["0", "200"]
