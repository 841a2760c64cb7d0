"""Files that are uploaded: streamed to the disk, whatever their size."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workbench.surfaces.rest.bodies import Disconnected, Receive
from workbench.surfaces.rest.parameters import Refused


async def receive_file(
    scope: MutableMapping[str, Any],
    receive: Receive,
    loop: asyncio.AbstractEventLoop,
    pool: ThreadPoolExecutor,
) -> Path:
    """Store the part named ``snapshot`` of a form in a temporary file, and return its path.

    Raises
    ------
    Refused
        When the body is no form, or the form has no such file.
    Disconnected
        When the caller went away.
    """
    from python_multipart.exceptions import FormParserError
    from starlette.formparsers import MultiPartException, MultiPartParser
    from starlette.requests import ClientDisconnect, Request

    request = Request(scope, receive)
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Refused(400, "Multipart error: Could not find Content-Type header")
    try:
        parser = MultiPartParser(request.headers, request.stream(), max_files=4, max_fields=16)
        form = await parser.parse()
    except ClientDisconnect as error:
        raise Disconnected from error
    except (MultiPartException, FormParserError, KeyError, UnicodeDecodeError) as error:
        raise Refused(400, f"Multipart error: {getattr(error, 'message', None) or error}") from error
    try:
        part = form.get("snapshot")
        if part is None or isinstance(part, str):
            raise Refused(400, 'Multipart error: Field with name "snapshot" is required')
        return await loop.run_in_executor(pool, _store, part.file)
    finally:
        await form.close()


def _store(source: Any) -> Path:
    import shutil

    with tempfile.NamedTemporaryFile(prefix="workbench-upload-", suffix=".snapshot", delete=False) as target:
        source.seek(0)
        shutil.copyfileobj(source, target, 1 << 20)
        return Path(target.name)
