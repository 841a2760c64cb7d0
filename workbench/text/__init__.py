"""Texts as tokens: what a text index and BM25 compare instead of the text itself.

====================  ==============================================================================
``words.py``          the words of a text, as conditions see fields that have no text index
``tokenizers.py``     Qdrant's five tokenizers
``folding.py``        letters with accents and ligatures as ASCII
``choices.py``        the names of tokenizers, languages and stemmers
``stop_words.py``     the words that are left out, by language
``analyzer.py``       all of it together, with the parameters of Qdrant's text index
====================  ==============================================================================
"""
