"""Benchmarks: never part of the tests. ``make bench`` runs them all; each prints what it measured.

Machines are shared and noisy: whatever is compared runs in turn in one process or one session, medians are
quoted, and speed never stands without recall.
"""
