"""``workbench dashboard``: every screen over a folder, in a browser."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import webbrowser

import workbench as wb
from workbench.surfaces.settings import LOCAL

EPILOG = """\
The page is for you: it asks for no password, so it listens on this machine only unless --host says otherwise.
Stop it with Ctrl-C or SIGTERM."""


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Give the verb its options."""
    verb.formatter_class = argparse.RawDescriptionHelpFormatter
    verb.epilog = EPILOG
    verb.add_argument(
        "path", nargs="?", default="storage", metavar="PATH", help="the folder (default: ./storage)"
    )
    verb.add_argument("--port", type=int, default=5006, metavar="N", help="default: 5006; 0: a free one")
    verb.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    verb.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="another address under which browsers come, such as a proxy's; may be given again",
    )
    verb.add_argument("--no-browser", action="store_true", help="only print the address")


def dashboard(options: argparse.Namespace) -> int:
    """Open the folder, serve its screens until a signal comes, close it; return the exit status."""
    from workbench.views.dashboards.serving import Dashboard

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    if options.host not in LOCAL:
        print(
            f"OPEN TO OTHER MACHINES: whoever reaches {options.host} can read and delete everything.",
            file=sys.stderr,
        )
    with (
        wb.open(options.path) as database,
        Dashboard(database, options.port, options.host, options.allow_origin) as page,
    ):
        print(f"Workbench shows {database.engine.root}")
        print(f"Dashboard: {page.url}")
        print("Stop it with Ctrl-C.", flush=True)
        if not options.no_browser:
            webbrowser.open(page.url)
        stopped.wait()
        print("Stopping ...", flush=True)
    return 0
