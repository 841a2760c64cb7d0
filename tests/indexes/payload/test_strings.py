"""The distinct strings of a column answer text and date predicates as the reference evaluator does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.filters import string_holds
from workbench.indexes.payload.strings import Strings
from workbench.models.filters import DatetimeRange, MatchPhrase, MatchText, MatchTextAny

# Signs whose lowercase is longer, depends on the neighbors, or is ASCII: dotted I, sigmas, Kelvin sign.
TEXTS = st.text(alphabet="abA1 _-'.ςσΣİ\u0307KkßẞÉe\u0301日", max_size=12)


@given(st.lists(TEXTS, max_size=12, unique=True), TEXTS)
@pytest.mark.parametrize("predicate", [MatchText, MatchTextAny, MatchPhrase])
def test_a_text_predicate_says_of_each_string_what_the_reference_says(
    predicate: type[MatchText | MatchTextAny | MatchPhrase], texts: list[str], query: str
) -> None:
    strings = Strings()
    strings.encode(texts)
    expected = [string_holds(predicate(query), text) for text in texts]
    assert strings.holds(predicate(query)).tolist() == [*expected, False]


def test_answers_are_kept_and_continued_for_new_strings() -> None:
    strings = Strings()
    assert strings.encode(["a cat", "a dog", "a cat"]) == [0, 1, 0]
    assert strings.holds(MatchText("cat")).tolist() == [True, False, False]
    strings.encode(["Cat!", "cattle"])
    assert strings.holds(MatchText("cat")).tolist() == [True, False, True, False, False]


def test_more_predicates_than_are_kept_still_get_right_answers() -> None:
    strings = Strings()
    strings.encode([f"word{number}" for number in range(40)])
    for _ in range(2):
        for number in range(40):
            assert strings.holds(MatchText(f"word{number}")).nonzero()[0].tolist() == [number]


def test_moments_are_read_once_and_compared_as_integers() -> None:
    strings = Strings()
    strings.encode(["2020-01-01", "no date", "2020-01-01T01:00:00+01:00"])
    new_year = DatetimeRange.of(gte="2020-01-01", lte="2020-01-01")
    assert strings.within(new_year).tolist() == [True, False, True, False]
    strings.encode(["2020-01-02"])
    assert strings.within(new_year).tolist() == [True, False, True, False, False]
    assert strings.within(DatetimeRange()).tolist() == [True, False, True, True, False]


def test_a_string_that_the_column_lacks_has_no_code_in_use() -> None:
    strings = Strings()
    strings.encode(["x"])
    assert (strings.code("x"), strings.code("y")) == (0, -2)
