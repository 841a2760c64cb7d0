"""The README's Python: its blocks run as they stand, one after the other, as a newcomer would run them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).parents[1] / "README.md"


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)


def test_every_python_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    names: dict[str, Any] = {}
    ran = 0
    for block in blocks():
        for statement in ast.parse(block).body:
            text = ast.unparse(statement)
            if text.startswith("server = db.serve()"):  # another server may have Qdrant's own ports
                text = "server = db.serve(http_port=0, grpc_port=0)"
            if "(url=server.url)" in text:  # the client's check runs on a thread, and may outlive the server
                text = text.replace("url=server.url", "url=server.url, check_compatibility=False")
            exec(compile(text, str(README), "exec"), names)
            ran += 1
    assert ran > 15
    names["db"].close()
