"""Reads the command line and calls the verb; an error of ours is one sentence, not a traceback."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from workbench import __version__
from workbench.errors import WorkbenchError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 2 after an error."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except WorkbenchError as error:
        print(f"workbench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("workbench: stopped", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser with all verbs."""
    top = argparse.ArgumentParser(
        prog="workbench", description="A vector database that lives in your notebook's kernel."
    )
    top.add_argument("--version", action="version", version=f"workbench {__version__}")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _lab(verbs.add_parser("lab", help="open JupyterLab on the quickstart notebook"))
    _demo(verbs.add_parser("demo", help="embed, index, search and measure a real data set in the terminal"))
    _serve(verbs.add_parser("serve", help="answer Qdrant's REST and gRPC API over a folder"))
    _dashboard(
        verbs.add_parser("dashboard", help="show a folder's collections, with every screen, in a browser")
    )
    _datasets(verbs.add_parser("datasets", help="list the data sets, or build the large ones for benchmarks"))
    return top


def _lab(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("notebook", nargs="?", help="a notebook or folder; the quickstart when left out")
    verb.add_argument(
        "--port", type=int, default=8888, help="port on this machine (default: 8888, or the next free one)"
    )
    verb.add_argument("--no-browser", action="store_true", help="only print the address")
    verb.set_defaults(run=_run_lab)


def _demo(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("query", nargs="*", help="what to search for; some examples when left out")
    verb.add_argument("--k", type=int, default=5, help="hits a query (default: 5)")
    verb.add_argument(
        "--embed",
        type=int,
        default=300,
        metavar="N",
        help="articles to embed here and now, to show it (default: 300, 0: none)",
    )
    verb.set_defaults(run=_run_demo)


def _serve(verb: argparse.ArgumentParser) -> None:
    from workbench.cli.serve import add_arguments

    add_arguments(verb)
    verb.set_defaults(run=_run_serve)


def _dashboard(verb: argparse.ArgumentParser) -> None:
    from workbench.cli.dashboard import add_arguments

    add_arguments(verb)
    verb.set_defaults(run=_run_dashboard)


def _datasets(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("build", nargs="?", choices=["build"], help="make a large set")
    verb.add_argument("name", nargs="?", choices=["fashion", "wordnet", "debian"], help="which one")
    verb.set_defaults(run=_run_datasets)


def _run_lab(options: argparse.Namespace) -> int:
    from workbench.cli.lab import lab

    return lab(options.notebook, options.port, browser=not options.no_browser)


def _run_demo(options: argparse.Namespace) -> int:
    from workbench.cli.demo import demo

    return demo(options.query, options.k, options.embed)


def _run_serve(options: argparse.Namespace) -> int:
    from workbench.cli.serve import serve, settings_of

    return serve(settings_of(options))


def _run_dashboard(options: argparse.Namespace) -> int:
    from workbench.cli.dashboard import dashboard

    return dashboard(options)


def _run_datasets(options: argparse.Namespace) -> int:
    from workbench import datasets

    if options.build is None:
        print(datasets.describe().to_string())
        return 0
    if options.name is None:
        print("workbench: say which: workbench datasets build fashion|wordnet|debian", file=sys.stderr)
        return 2
    from workbench.datasets.build import main as build

    build([options.name])
    return 0
