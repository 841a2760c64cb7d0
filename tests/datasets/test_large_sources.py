"""How the sources of the large sets are read: the formats of WordNet, idx and Debian's package lists."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from workbench.datasets import debian, fashion, wordnet
from workbench.errors import Corrupted

DATA_NOUN = """\
  1 This software and database is being provided to you, the LICENSEE, by
00003553 03 n 02 whole 0 living_unit(p) 0 002 @ 00002684 n 0000 ~ 00003993 n 0000 | an assemblage of parts; \
"how big is that part compared to the whole?"; "the team is a unit"
02084071 05 n 01 dog 0 001 @ 02083346 n 0000 | a member of the "genus" Canis
"""


def test_a_synset_becomes_a_record_and_its_examples():
    (whole, examples), (dog, none) = wordnet.synsets(DATA_NOUN, {3: "noun.Tops", 5: "noun.animal"})

    assert whole == {
        "synset": "00003553-n",
        "lemma": "whole",
        "pos": "noun",
        "lexfile": "noun.Tops",
        "lex_no": 3,
        "n_lemmas": 2,
        "n_pointers": 2,
        "n_words": 4,
        "n_chars": 22,
        "has_example": True,
        "n_examples": 2,
        "text": "whole, living unit: an assemblage of parts",
    }
    assert examples == ["how big is that part compared to the whole?", "the team is a unit"]
    assert dog["text"] == "dog: a member of the genus Canis"
    assert none == []
    assert not dog["has_example"]


def test_the_names_of_the_lexicographer_files_stand_in_the_manual_page():
    manual = "names\n_\n00\tadj.all\tall adjective clusters\n18\tnoun.person  \tnouns denoting people\n.RE\n"

    assert wordnet.lexfile_names(manual) == {0: "adj.all", 18: "noun.person"}


def test_an_idx_file_is_read_in_the_shape_that_its_header_tells():
    packed = gzip.compress(
        b"\0\0\x08\x03" + b"\0\0\0\x02" + b"\0\0\0\x01" + b"\0\0\0\x03" + bytes([1, 2, 3, 4, 5, 6])
    )

    np.testing.assert_array_equal(fashion.idx(packed), [[[1, 2, 3]], [[4, 5, 6]]])


@pytest.mark.parametrize("data", [b"\0\0\x0d\x01\0\0\0\x01\0", b"\0\0\x08\x01\0\0\0\x05\1\2"])
def test_an_idx_file_of_another_type_or_length_is_refused(data):
    with pytest.raises(Corrupted, match="expected"):
        fashion.idx(gzip.compress(data))


def test_a_picture_is_described_by_its_pixels():
    picture = np.array([[[0, 200], [0, 0]]], dtype=np.uint8)

    assert fashion.records(picture, np.array([9]), "train") == [
        {
            "id": 0, "label": 9, "cls": "Ankle boot", "ink": 50.0, "ink_sd": 86.6, "n_on": 1,
            "rows_on": 1, "cols_on": 1, "max_px": 200, "top_heavy": True, "split": "train",
        }
    ]  # fmt: skip


PACKAGES = """\
Package: vim
Installed-Size: 3811
Maintainer: Debian Vim Maintainers <vim@example.org>
Architecture: amd64
Depends: vim-common (= 2:9.0), libc6 (>= 2.36)
Description-md5: 59e8b8
Homepage: https://www.vim.org/
Tag: devel::editor, role::program,
 use::editing
Section: editors
Size: 1567824

Package: bare
Architecture: all
Description-md5: 000000
Size: 10
"""

TRANSLATION = """\
Package: vim
Description-md5: 59e8b8
Description-en: Vi IMproved - enhanced vi editor
 Vim is an almost compatible version
 of the UNIX editor Vi.
 .
 Many features are new.
"""


def test_packages_join_their_descriptions_and_those_without_are_left_out():
    records, queries = debian.join(PACKAGES, TRANSLATION, n_queries=1)

    assert records == [
        {
            "id": 0,
            "name": "vim",
            "summary": "Vi IMproved - enhanced vi editor",
            "section": "editors",
            "maintainer": "Debian Vim Maintainers",
            "arch": "amd64",
            "homepage": "https://www.vim.org/",
            "size": 1567824,
            "installed_kb": 3811,
            "n_depends": 2,
            "tags": ["devel::editor", "role::program", "use::editing"],
            "text": "Vim is an almost compatible version of the UNIX editor Vi.\nMany features are new.",
        }
    ]
    assert queries == [
        {"text": "Vi IMproved - enhanced vi editor", "id": 0, "name": "vim", "section": "editors"}
    ]
