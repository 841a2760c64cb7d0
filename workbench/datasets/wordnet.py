"""WordNet 3.0 as a search problem: 117,659 definitions to find, 2,000 example sentences to find them with.

The queries are sentences and the records are definitions: another distribution, hence harder than a held-out
split.
File format: ``wndb(5WN)`` and ``lexnames(5WN)``, manual pages of the Debian package ``wordnet-base``.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from workbench.datasets.tables import Record

PARTS = ("noun", "verb", "adj", "adv")
N_QUERIES, QUERY_SEED = 2000, 7
# Shorter examples ("a big car") fit many definitions and say little.
MIN_QUERY_CHARS = 20

FIELDS = {
    "id": "row number",
    "synset": "offset and type in the WordNet files, such as 02084071-n",
    "lemma": "the first word of the synset",
    "pos": "part of speech: noun, verb, adj or adv",
    "lexfile": "lexicographer file, a coarse topic such as noun.animal (45 values)",
    "lex_no": "number of that file",
    "n_lemmas": "number of words in the synset",
    "n_pointers": "number of relations to other synsets",
    "n_words": "words in the definition",
    "n_chars": "characters in the definition",
    "has_example": "whether a usage example is given",
    "n_examples": "number of usage examples",
    "text": "lemmas and definition: the embedded text",
}


def read(root: Path) -> tuple[list[Record], list[Record]]:
    """Return the records and the queries of an unpacked ``wordnet-base`` package."""
    manual = gzip.decompress((root / "usr/share/man/man5/lexnames.5WN.gz").read_bytes())
    lexfiles = lexfile_names(manual.decode("latin-1"))
    records: list[Record] = []
    examples: list[Record] = []
    for part in PARTS:
        text = (root / "usr/share/wordnet" / f"data.{part}").read_text(encoding="latin-1")
        for record, sentences in synsets(text, lexfiles):
            records.append({"id": len(records), **record})
            about = {key: record[key] for key in ("synset", "lexfile", "pos")}
            examples += [
                {"text": sentence, **about} for sentence in sentences if len(sentence) >= MIN_QUERY_CHARS
            ]
    drawn = np.random.default_rng(QUERY_SEED).choice(len(examples), size=N_QUERIES, replace=False)
    return records, [examples[i] for i in drawn]


def lexfile_names(manual: str) -> dict[int, str]:
    """Read the names of the lexicographer files from the text of ``lexnames(5WN)``."""
    return {
        int(number): name for number, name in re.findall(r"^(\d\d)\t([a-zA-Z.]+)", manual, flags=re.MULTILINE)
    }


def synsets(text: str, lexfiles: dict[int, str]) -> Iterator[tuple[Record, list[str]]]:
    """Yield each synset of a ``data.*`` file as its record and its usage examples."""
    for line in text.splitlines():
        if line.startswith("  "):
            continue  # the license, which heads each file
        head, gloss = line.split(" | ", 1)
        yield synset(head.split(" "), gloss.strip(), lexfiles)


def synset(head: list[str], gloss: str, lexfiles: dict[int, str]) -> tuple[Record, list[str]]:
    """Parse ``offset file type n_lemmas (lemma lex_id)... n_pointers ...`` and the gloss after `` | ``."""
    offset, lex_no, kind, n_lemmas = head[0], int(head[1]), head[2], int(head[3], 16)
    lemmas = [readable(word) for word in head[4 : 4 + 2 * n_lemmas : 2]]
    definition, _, rest = gloss.partition('; "')
    definition = definition.replace('"', "")
    examples = re.findall(r'"([^"]+)"', f'"{rest}')
    lexfile = lexfiles[lex_no]
    record = {
        "synset": f"{offset}-{kind}",
        "lemma": lemmas[0],
        "pos": lexfile.split(".")[0],
        "lexfile": lexfile,
        "lex_no": lex_no,
        "n_lemmas": n_lemmas,
        "n_pointers": int(head[4 + 2 * n_lemmas]),
        "n_words": len(definition.split()),
        "n_chars": len(definition),
        "has_example": bool(examples),
        "n_examples": len(examples),
        "text": f"{', '.join(lemmas)}: {definition}",
    }
    return record, examples


def readable(word: str) -> str:
    """Turn ``galore(ip)`` or ``living_thing`` into the words a person reads."""
    return re.sub(r"\([a-z]+\)$", "", word).replace("_", " ")
