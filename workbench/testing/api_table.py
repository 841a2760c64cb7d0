"""The table of every REST operation and remote call, and of what differs from Qdrant, made from the code.

Run `python -m workbench.testing.api_table > API.md` to renew the page.
It is kept as ``API.md``; a test holds that file against what this module gives.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from workbench.api.operations import Operation, operations
from workbench.api.service import VERSION
from workbench.testing.disagreements import DISAGREEMENTS

_HEAD = f"""\
# The API

Every operation of Qdrant {VERSION}, and its state here. The table is made from the code, by
`python -m workbench.testing.api_table > API.md`; what it calls answered runs through the one operation named
beside it, whichever surface asks.

- **answered**: as Qdrant does, but for what is listed next.
- **refused**: with Qdrant's own error, because the call needs a cluster and this is one node.
- **not answered**: 501 over REST, UNIMPLEMENTED over gRPC.

The key column is what a caller's api-key must allow: a read-only key is enough for `read`.
"""

_LEGACY = frozenset({"search", "recommend", "discover"})


def render() -> str:
    """Return the whole page, in Markdown."""
    return "\n".join([_HEAD, *_disagreements(), "", *_rest(), "", *_grpc(), ""])


def _disagreements() -> Iterable[str]:
    yield "## Where it differs from Qdrant's core\n"
    yield "Random writes, filters and queries go to both in step (`tests/oracle`); all else is the same.\n"
    yield "| what | Qdrant | Workbench | because |"
    yield "|---|---|---|---|"
    for entry in DISAGREEMENTS:
        yield f"| {entry.name} | {entry.theirs} | {entry.ours} | {entry.why} |"


def _rest() -> Iterable[str]:
    from workbench.surfaces.rest.routes import ROUTES

    yield "## REST\n"
    yield "| method | path | operation | what it does | key | state |"
    yield "|---|---|---|---|---|---|"
    for route in sorted(ROUTES, key=lambda route: (route.path, route.method)):
        what = _what(route.operation)
        if (route.method, route.operation) == ("GET", "count_points"):
            what += " Ours: guides ask so; Qdrant has POST only."
        elif _LEGACY & set(route.path.split("/")) and "matrix" not in route.path:
            what += " Of 1.18 and before."
        yield f"| {route.method} | `{route.path}` | {route.operation} | {what} | {_state(route.operation)} |"


def _grpc() -> Iterable[str]:
    from workbench.surfaces.grpc.handlers import rpcs

    yield "## gRPC\n"
    yield "Beside these: `grpc.health.v1.Health`, and reflection as `v1` and `v1alpha`.\n"
    yield "| call | operation | what it does | key | state |"
    yield "|---|---|---|---|---|"
    for path, rpc in sorted(rpcs().items()):
        yield f"| `{path[1:]}` | {rpc.operation} | {_what(rpc.operation)} | {_state(rpc.operation)} |"


def _what(name: str) -> str:
    known = operations().get(name)
    return _sentence(known) if known is not None else ""


def _sentence(known: Operation) -> str:
    return " ".join((known.run.__doc__ or "").split("\n\n")[0].split())


def _state(name: str) -> str:
    known = operations().get(name)
    if known is None:
        return "– | **not answered**"
    return f"{known.access} | {'refused' if _sentence(known).startswith('Refuse') else 'answered'}"


if __name__ == "__main__":
    sys.stdout.write(render())
