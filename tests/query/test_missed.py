"""The search for the smallest width of the beam that finds a point."""

from __future__ import annotations

from workbench.query.missed import smallest


def test_the_smallest_width_is_found_in_few_tries() -> None:
    tried: list[int] = []

    def finds(ef: int) -> bool:
        tried.append(ef)
        return ef >= 210

    assert smallest(finds, 64, 10_000) == 210
    assert len(tried) <= 12


def test_the_widest_beam_is_as_wide_as_the_graph() -> None:
    assert smallest(lambda ef: ef >= 1000, 64, 1000) == 1000
    assert smallest(lambda ef: False, 64, 1000) is None
    assert smallest(lambda ef: True, 64, 1000) == 64
