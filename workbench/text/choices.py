"""What a text index may be told by name: every configuration reads this, and few need the code behind it."""

from __future__ import annotations

TOKENIZERS = ("prefix", "whitespace", "word", "multilingual", "code")

LANGUAGES = (
    "arabic", "azerbaijani", "basque", "bengali", "catalan", "chinese", "danish", "dutch",
    "english", "finnish", "french", "german", "greek", "hebrew", "hinglish", "hungarian",
    "indonesian", "italian", "japanese", "kazakh", "nepali", "norwegian", "portuguese", "romanian",
    "russian", "slovene", "spanish", "swedish", "tajik", "turkish",
)  # fmt: skip
"""Languages of the stop words."""

STEMMERS = (
    "arabic", "armenian", "danish", "dutch", "english", "finnish", "french", "german", "greek", "hungarian",
    "italian", "norwegian", "portuguese", "romanian", "russian", "spanish", "swedish", "tamil", "turkish",
)  # fmt: skip
"""Languages of the Snowball stemmer."""
