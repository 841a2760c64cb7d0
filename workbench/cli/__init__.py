"""The command ``workbench``: one file a verb, and nothing that the Python API cannot do."""

from workbench.cli.main import main

__all__ = ["main"]
