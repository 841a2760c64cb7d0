"""Snapshots of collections, of their one shard, and of everything.

A download's result is the :class:`~pathlib.Path` of a file; an upload's body is ``{"snapshot": Path}``. Where
the caller does not want to wait, the result is ``ACCEPTED`` and the work goes on in the background.
"""

from __future__ import annotations

import logging
import string
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from workbench.api.body import REQUIRED, Body
from workbench.api.operations import ACCEPTED, Access, Call, operation
from workbench.api.service import Service
from workbench.errors import BadRequest, FormatError, NotFound, OutOfRange
from workbench.snapshots import Snapshot
from workbench.storage.files import is_file

log = logging.getLogger("workbench")

_PRIORITIES = ("no_sync", "snapshot", "replica")
_HEXADECIMAL = frozenset(string.hexdigits)

# Seconds without a byte after which a download is given up.
_SILENCE = 60.0

# What stays as it is where an address is written in ASCII.
_IN_ADDRESSES = "%/:?#[]@!$&'()*+,;="
_DOWNLOAD_ERRORS = (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException, ValueError)


# -- of a collection -----------------------------------------------------------------------------------


@operation(Access.READ)
def list_snapshots(service: Service, call: Call) -> Any:
    """Return the snapshots of a collection."""
    name, shard = _place(service, call)
    return [_description(s) for s in service.snapshots.list(name, shard=shard)]


@operation(Access.MANAGE)
def create_snapshot(service: Service, call: Call) -> Any:
    """Take a snapshot of a collection."""
    name, shard = _place(service, call)
    collection = service.engine.collection(name)
    return _done(call, lambda: _description(service.snapshots.take(collection, shard=shard)))


@operation(Access.MANAGE)
def delete_snapshot(service: Service, call: Call) -> Any:
    """Remove a snapshot."""
    name, shard = _place(service, call)
    snapshot = call.path["snapshot_name"]
    kept = service.snapshots
    kept.path(name, snapshot, shard=shard)

    def work() -> bool:
        kept.delete(name, snapshot, shard=shard)
        return True

    return _done(call, work)


@operation(Access.READ)
def get_snapshot(service: Service, call: Call) -> Any:
    """Return the file of a snapshot."""
    name, shard = _place(service, call)
    return service.snapshots.path(name, call.path["snapshot_name"], shard=shard)


@operation(Access.MANAGE)
def recover_from_snapshot(service: Service, call: Call) -> Any:
    """Make a collection what a snapshot at an address, or in a file, holds."""
    body = call.reader()
    name = _target(service, call)
    checksum = body.text("checksum")
    if problem := checksum_problem(checksum):
        raise OutOfRange("checksum", problem)
    location = _location(body, service, name, shard=_shard(call))
    body.choice("priority", _PRIORITIES)
    key = body.text("api_key")

    def work() -> bool:
        with _fetched(location, key) as archive:
            service.snapshots.restore(name, archive, checksum)
        return True

    return _done(call, work)


@operation(Access.MANAGE)
def recover_from_uploaded_snapshot(service: Service, call: Call) -> Any:
    """Make a collection what an uploaded snapshot holds."""
    name, archive = _target(service, call), call.body["snapshot"]
    priority, checksum = call.params.get("priority"), call.params.get("checksum")
    if priority is not None:
        Body({"priority": priority}).choice("priority", _PRIORITIES)
    service.snapshots.restore(name, archive, checksum)  # the file goes when this returns
    return True


# The same calls on the one shard that a collection has here.
for _name, _run in {
    "list_shard_snapshots": list_snapshots,
    "create_shard_snapshot": create_snapshot,
    "delete_shard_snapshot": delete_snapshot,
    "get_shard_snapshot": get_snapshot,
    "recover_shard_from_snapshot": recover_from_snapshot,
    "recover_shard_from_uploaded_snapshot": recover_from_uploaded_snapshot,
}.items():
    operation(Access.READ if _name.startswith(("list", "get")) else Access.MANAGE, _name)(_run)


@operation(Access.READ)
def stream_shard_snapshot(service: Service, call: Call) -> Any:
    """Return the file of a snapshot that is taken now."""
    name, _ = _place(service, call)
    kept = service.snapshots
    taken = kept.take(service.engine.collection(name), shard=True)
    return kept.path(name, taken.name, shard=True)


# -- of everything -------------------------------------------------------------------------------------


@operation(Access.READ)
def list_full_snapshots(service: Service, call: Call) -> Any:
    """Return the snapshots of the whole database."""
    return [_description(s) for s in service.snapshots.list_full()]


@operation(Access.MANAGE)
def create_full_snapshot(service: Service, call: Call) -> Any:
    """Take a snapshot of every collection."""
    return _done(call, lambda: _description(service.snapshots.take_full()))


@operation(Access.MANAGE)
def delete_full_snapshot(service: Service, call: Call) -> Any:
    """Remove a snapshot of the whole database."""
    name = call.path["snapshot_name"]
    kept = service.snapshots
    kept.full_path(name)

    def work() -> bool:
        kept.delete_full(name)
        return True

    return _done(call, work)


@operation(Access.READ)
def get_full_snapshot(service: Service, call: Call) -> Any:
    """Return the file of a snapshot of the whole database."""
    return service.snapshots.full_path(call.path["snapshot_name"])


# -- inside --------------------------------------------------------------------------------------------


def _place(service: Service, call: Call) -> tuple[str, bool]:
    """Return the collection's own name, and whether its shard is meant."""
    return service.engine.collection(call.collection_name).name, _shard(call)


def _target(service: Service, call: Call) -> str:
    """Return the name of the collection to be restored, which need not exist; a shard's must."""
    try:
        return _place(service, call)[0]
    except NotFound:
        if _shard(call):
            raise
        return call.collection_name


def _shard(call: Call) -> bool:
    if "shard_id" not in call.path:
        return False
    shard = str(call.path["shard_id"])
    if not shard.isdigit():
        raise FormatError(f"shard_id: expected a number, got {shard!r:.80}")
    if int(shard) != 0:
        raise NotFound(f"Shard {shard} not found")
    return True


def _done(call: Call, work: Callable[[], Any]) -> Any:
    if call.flag("wait", True):
        return work()

    def logged() -> None:
        try:
            work()
        except Exception:  # nobody waits for it
            log.exception("the snapshot call on %r failed in the background", call.collection_name)

    threading.Thread(target=logged, name="workbench-snapshot").start()
    return ACCEPTED


def _description(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "name": snapshot.name,
        "creation_time": f"{snapshot.created:%Y-%m-%dT%H:%M:%S}",
        "size": snapshot.size,
        "checksum": snapshot.checksum,
    }


def checksum_problem(checksum: str | None) -> str | None:
    """Return what is wrong with a text that should be a SHA-256 in hexadecimal; None where nothing is."""
    if checksum is None:
        return None
    if len(checksum) != 64:
        return f"invalid SHA-256 hash, expected 64 characters, got {len(checksum)}"
    return None if set(checksum) <= _HEXADECIMAL else "invalid characters, expected 0-9, a-f, A-F"


def _location(body: Body, service: Service, name: str, *, shard: bool) -> str:
    """Return an address; a shard may be restored from the name of one of its own snapshots."""
    location: str = body.text("location", REQUIRED)
    if shard and "://" not in location:
        return service.snapshots.path(name, location, shard=True).as_uri()
    with suppress(ValueError):  # of brackets that hold no address of a machine
        if "://" in location and urllib.parse.urlsplit(location).scheme:
            return location
    raise FormatError(f"location: expected a URL, got {location!r:.80}")


@contextmanager
def _fetched(location: str, api_key: str | None) -> Iterator[Path]:
    """Give the file that a ``file://`` or ``http(s)://`` address means."""
    parts = urllib.parse.urlsplit(location)
    if parts.scheme == "file":
        path = Path(urllib.parse.unquote(parts.path))
        if not is_file(path):
            raise BadRequest(f"Snapshot file {str(path)!r} does not exist")
        yield path
        return
    if parts.scheme not in ("http", "https"):
        raise BadRequest(f"Unsupported snapshot location scheme: {parts.scheme}; use file, http or https")
    with TemporaryDirectory(prefix="workbench-fetched-") as folder:
        path = Path(folder) / "downloaded.snapshot"  # what stands in the address may be no name of a file
        _download(location, api_key, path)
        yield path


def _download(location: str, api_key: str | None, path: Path) -> None:
    try:
        address = urllib.parse.quote(location, safe=_IN_ADDRESSES)
        request = urllib.request.Request(address, headers={} if api_key is None else {"api-key": api_key})
        with urllib.request.urlopen(request, timeout=_SILENCE) as response, path.open("wb") as handle:
            while block := response.read(1 << 20):
                handle.write(block)
    except _DOWNLOAD_ERRORS as error:
        raise BadRequest(f"Failed to download snapshot from {location}: {error}") from error
