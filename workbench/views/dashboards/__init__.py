"""Whole pages of screens, served by Panel: ``workbench dashboard``, ``panel serve``, ``db.dashboard()``."""
