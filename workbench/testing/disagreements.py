"""Where the answers differ from those of Qdrant's core on purpose: what each does, and why ours.

The random programs of ``tests/oracle`` compare everything but these, and ``test_disagreements.py`` there
shows each of them as it is. The list is part of ``API.md``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Disagreement:
    """One thing that two engines answer differently.

    Parameters
    ----------
    name : str
    theirs : str
        What Qdrant does.
    ours : str
        What Workbench does.
    why : str
        Why it is not done as in Qdrant.
    """

    name: str
    theirs: str
    ours: str
    why: str


EQUAL_SCORES = Disagreement(
    "points of equal scores",
    "come in an order that depends on the limit and the segments",
    "come in the order in which they were written",
    "Qdrant leaves the order open; ours is the same at every limit",
)
SHORT_NUMBERS = Disagreement(
    "floats of 16 or more digits in a payload",
    "may come back with another last digit",
    "come back as they were written",
    "a payload is stored, not approximated",
)
BEYOND_64_BITS = Disagreement(
    "integers from 2^63 under an integer index",
    "are taken for 2^63 − 1 by the index",
    "are outside of the index",
    "no value is turned into another",
)
PARTIAL_WRITES = Disagreement(
    "a write to several points of which one does not exist",
    "fails with 404, and the points before it stay changed",
    "fails with 404, and nothing is changed",
    "a request is done or not done",
)
NULL_AFTER_CLEAR = Disagreement(
    "a key set to null on a point whose payload was cleared",
    "is kept as null; on any other point it is removed",
    "is removed",
    "an empty payload is an empty payload",
)
MISSING_EXAMPLES = Disagreement(
    "a recommendation without examples",
    "the core scores every point 0, the server around it refuses",
    "is refused, as by the server",
    "there is nothing to be like",
)
DOCUMENT_FREQUENCIES = Disagreement(
    "document frequencies",
    "IDF counts deleted and replaced vectors until the optimizer removes them",
    "it counts live points only",
    "the same points give the same scores, however they came to be",
)
EMPTY_DOCUMENTS = Disagreement(
    "empty sparse vectors under IDF",
    "are documents of a corpus, but not of the whole collection",
    "are documents of neither",
    "a corpus of all points is the whole collection",
)
SPARSE_AGAIN = Disagreement(
    "a sparse vector that was deleted and set again",
    "is still found by the dimensions it had before",
    "is found by the dimensions it has",
    "a deleted vector is gone",
)
SAME_NAME = Disagreement(
    "a dense and a sparse vector of one name",
    "adding the second is accepted, and the collection then has both",
    "is refused",
    "a name must say which of the two is searched",
)
OTHER_KIND = Disagreement(
    "the error for a vector of another kind",
    "`Wrong usage of sparse vectors`, `Wrong usage of multi vectors`",
    "`Conversion between sparse and regular vectors failed`, and the point it is about",
    "one text, with the place",
)
TINY_VECTORS = Disagreement(
    "vectors shorter than 0.00035 under Cosine",
    "are not made of unit length, so that their scores are near 0",
    "are, like all others but zero vectors",
    "a cosine does not hang on the length",
)
MMR_OF_BYTES = Disagreement(
    "MMR over uint8 vectors by cosine",
    "compares the bytes as they are stored, so that long vectors win",
    "compares angles, as every other query of the same vectors does",
    "the first hit of MMR is the nearest neighbor",
)
MMR_OF_SPARSE = Disagreement(
    "MMR over sparse vectors",
    "the core fails",
    "is answered",
    "nothing about MMR needs dense vectors",
)
TWO_SHOULDS = Disagreement(
    "`should` in the filters of a query and of its prefetch",
    "joins the two lists, so that a condition of either is enough; `min_should` likewise",
    "wants both filters to hold",
    "a filter around a prefetch only ever narrows it",
)
MIN_SHOULD_OF_NOTHING = Disagreement(
    "`min_should` over no conditions",
    "accepts nothing, but is forgotten beside a lone `has_id`",
    "accepts nothing, wherever it stands",
    "a condition means the same beside any other",
)
PARTS_BESIDE_AN_INDEX = Disagreement(
    "several parts in one field condition",
    "an index answers a part that it knows, and the others are forgotten",
    "the parts mean what they mean without an index",
    "what a condition means should not hang on an index",
)
TWO_BOUNDS = Disagreement(
    "`gt` beside `gte`, or `lt` beside `lte`, in one range",
    "an index goes by `gt` and `lt`, and forgets the other",
    "both hold, with or without an index",
    "a filter means the same before and after an index is made",
)
OTHER_RANGES = Disagreement(
    "ranges of dates over numbers, and of numbers over dates",
    "integer, float and datetime indexes compare microseconds with numbers",
    "a date is never within a range of numbers, with or without an index",
    "a filter means the same before and after an index is made",
)
WIDE_BOXES = Disagreement(
    "a box across the antimeridian that leaves out less than 45° of longitude",
    "a geo index forgets many of the points in it",
    "has all points in it",
    "a filter means the same before and after an index is made",
)
UUIDS_AMONG_NUMBERS = Disagreement(
    "the match of a string that is a UUID",
    "finds nothing under an integer, float or datetime index",
    "finds the string",
    "a filter means the same before and after an index is made",
)
FACETS_WITHOUT_POINTS = Disagreement(
    "facets of values that no point has any more",
    "are listed with the count 0 until the segment is rebuilt",
    "are not listed",
    "the same points give the same facets",
)
WORDS_WITHOUT_SPACES = Disagreement(
    "the tokenizer `multilingual` where words have no spaces between them",
    "cuts words with dictionaries",
    "takes each character for a word",
    "the dictionaries are larger than the rest of Workbench; a question is found wherever its characters are",
)
TEXT_QUERIES = Disagreement(
    "`TextQuery`, and `scoring` of a text index (client 1.20)",
    "ranks points by BM25 over the text index",
    "is refused, as by server 1.19",
    "the API is that of 1.19; `qdrant/bm25` documents in a sparse vector rank the same way",
)
PLAIN_VERSIONS = Disagreement(
    "the `version` of points that are sampled, ordered by a field, or asked for without a query",
    "is 0",
    "is the operation that last changed the point, as in every other query",
    "the version of a point is the same however it is found",
)
QUANTIZATION = Disagreement(
    "quantization without `rescore` and `oversampling`",
    "leaves scores of scalar, product and 4-bit TurboQuant codes as they are, and measures binary ones again",
    "finds half as many points again by codes of any kind and measures them by vectors: scores are exact",
    "whoever wants the scores of the codes asks for `rescore: false`; those are not the same numbers",
)
MULTIVECTOR_CODES = Disagreement(
    "quantized multivectors that are not sealed yet, and TurboQuant under Manhattan",
    "are searched by codes",
    "are searched by their vectors, exactly",
    "answers are never farther than those by codes",
)
PLACEMENT = Disagreement(
    "`on_disk` of graphs, payloads, indexes, sparse vectors and multivectors",
    "changes where they are held",
    "is kept and echoed",
    "sealed arrays are mapped files either way; dense vectors and the codes of quantization obey it",
)
SHARDS = Disagreement(
    "`shard_number` over 1",
    "makes as many shards, also on one machine",
    "is kept and echoed; the collection is one shard, 0",
    "shards divide work among machines and threads, and all threads search the one",
)
SNAPSHOTS = Disagreement(
    "snapshot files",
    "can be read by Qdrant only",
    "can be read by Workbench only",
    "a snapshot holds the files of the engine that took it; scroll and upsert move points between the two",
)
METHODS = Disagreement(
    "a path that is asked with another method",
    "is 404, as a path that does not exist",
    "is 405, and `Allow` names the methods that it has",
    "that is what HTTP wants, and it tells what was wrong",
)

DISAGREEMENTS: tuple[Disagreement, ...] = tuple(
    value for value in globals().copy().values() if isinstance(value, Disagreement)
)
"""All of them, in the order above."""
