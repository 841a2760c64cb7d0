"""Segments: the growing tail, the sealed pieces behind it, and how the one becomes the other.

A point lives as one version in one segment. ``Tail`` takes new versions and is scanned; ``Segment`` is
immutable arrays with an HNSW graph; ``builder`` makes a segment out of the live rows of others;
``optimizer`` says when. Readers hold a ``View``, which nothing ever changes, so they never wait for writers.
"""
