"""``%workbench`` and ``%%search``: short forms of what Python does, for a quick look.

==========================================================  ==============================================
line                                                        the same in Python
==========================================================  ==============================================
``%workbench open PATH``                                    ``db = workbench.open(PATH)``
``%workbench collections``                                  ``db``
``%workbench dashboard``                                    ``db.dashboard()``
``%workbench explain COLLECTION TEXT``                      ``db[COLLECTION].explain(TEXT)``
``%%search -c COLLECTION -k 10 --where JSON``, and a text   ``db[COLLECTION].search(text, k=10, where=…)``
==========================================================  ==============================================

They work on the variable ``db`` of the notebook, if it is a database, or on the last one that
``%workbench open`` opened. Both return what they show, so the hits of a search are in ``_``.
"""

from __future__ import annotations

import argparse
import json
import shlex
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from workbench.errors import InvalidRequest, NotFound
from workbench.surfaces.notebook.screens import SCREENS

if TYPE_CHECKING:
    from workbench.surfaces.notebook.database import Database

_VARIABLE = "db"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as IPython does, in one line, and does not end the kernel."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\n{self.format_usage().strip()}")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise UsageError(message or self.format_help())


def _workbench_parser() -> _Parser:
    parser = _Parser(prog="%workbench", add_help=False)
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=_Parser)
    verbs.add_parser("collections", add_help=False)
    verbs.add_parser("dashboard", add_help=False)
    verbs.add_parser("open", add_help=False).add_argument("path", nargs="?")
    explain = verbs.add_parser("explain", add_help=False)
    explain.add_argument("collection")
    explain.add_argument("query", nargs="+")
    return parser


def _search_parser() -> _Parser:
    parser = _Parser(prog="%%search", add_help=False)
    parser.add_argument("-c", "--collection")
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--ef", type=int)
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--where", metavar="JSON")
    return parser


@magics_class
class WorkbenchMagics(Magics):
    """The magics of ``%load_ext workbench``."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.names: dict[str, Any] = shell.user_ns
        self.opened: Database | None = None

    @line_magic
    def workbench(self, line: str) -> Any:
        """Do one of: open [PATH], collections, dashboard, explain COLLECTION TEXT."""
        options = _workbench_parser().parse_args(_words(line))
        if options.verb == "open":
            import workbench

            self.opened = workbench.open(options.path)
            self.names[_VARIABLE] = self.opened
            return self.opened
        database = self._database()
        if options.verb == "dashboard":
            return database.dashboard()
        if options.verb == "explain":
            collection = database[options.collection]
            explain = getattr(collection, "explain", None)
            if explain is None:
                raise NotFound(f"this version has no explain; there are the screens {', '.join(SCREENS)}")
            return explain(" ".join(options.query))
        return database

    @cell_magic
    def search(self, line: str, cell: str) -> Any:
        """Search a collection for the text of the cell: -c COLLECTION -k 10 --ef N --exact --where JSON."""
        options = _search_parser().parse_args(_words(line))
        database = self._database()
        text = cell.strip()
        if not text:
            raise UsageError("%%search: expected the text to search for below this line")
        collection = database[options.collection or _only(database)]
        where = None if options.where is None else _json(options.where)
        return collection.search(text, k=options.k, ef=options.ef, exact=options.exact, where=where)

    def _database(self) -> Database:
        from workbench.surfaces.notebook.database import Database

        found = self.names.get(_VARIABLE)
        if isinstance(found, Database) and not found.engine.closed:
            return found
        if self.opened is not None and not self.opened.engine.closed:
            return self.opened
        raise UsageError(f"no open database: expected one in the variable {_VARIABLE}; %workbench open PATH")


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{error}: {line}") from None


def _only(database: Database) -> str:
    """Return the name of the one collection that there is."""
    names = list(database)
    if len(names) != 1:
        raise UsageError(f"%%search: expected -c COLLECTION, one of: {', '.join(names) or 'none yet'}")
    return names[0]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidRequest(
            f"--where: expected JSON in single quotes such as '{{\"year\": 1990}}', "
            f"got {text!r:.120}: {error}"
        ) from None
