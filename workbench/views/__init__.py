"""Screens: a state without a toolkit (``state``), and the faces that show it (``widgets``)."""
