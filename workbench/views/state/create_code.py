"""The Python that makes what the create page describes: by Workbench, and by any Qdrant client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.surfaces.notebook.rows import Rows

DEFAULTS: Mapping[str, Any] = {
    "distance": "Cosine",
    "datatype": "float32",
    "m": 16,
    "ef_construct": 100,
    "payload_m": None,
    "on_disk": False,
    "quantization": None,
    "payload_indexes": {},
    "embedder": "minilm",
    "replace": False,
    "device": None,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that the code says.

    Attributes
    ----------
    name : str
        The collection's.
    rows : Rows
    vectors_code : str
        The Python of the vectors; a column's name in quotes, or empty when texts are embedded or a set brings
        its own.
    column : str
        The column of vectors, if they are in one.
    text, id : str
    dropped : list of str
        Columns left out of the payload.
    settings : mapping
        The other arguments of ``db.create``.
    size : int
    """

    name: str
    rows: Rows
    vectors_code: str
    column: str
    text: str
    id: str
    dropped: list[str]
    settings: Mapping[str, Any]
    size: int
    embedder: str = field(default="minilm")


def workbench_code(recipe: Recipe) -> str:
    """Return the call of ``db.create``."""
    frame, lines = _frame(recipe)
    said = [repr(recipe.name), *([frame] if frame else [])]
    for name in ("text", "id"):
        if getattr(recipe, name):
            said.append(f"{name}={getattr(recipe, name)!r}")
    if recipe.vectors_code:
        said.append(f"vectors={recipe.vectors_code}")
    said += [f"{k}={v!r}" for k, v in recipe.settings.items() if k in DEFAULTS and v != DEFAULTS[k]]
    call = f"collection = db.create({', '.join(said)})"
    if len(call) > 100:
        call = "collection = db.create(\n" + "".join(f"    {part},\n" for part in said) + ")"
    return "\n".join([*lines, call])


def _frame(recipe: Recipe) -> tuple[str, list[str]]:
    """Return the Python of the frame, and the lines before it."""
    rows, lines = recipe.rows, list(recipe.rows.setup)
    frame = rows.frame_code
    if not frame:
        return "", lines
    again = recipe.vectors_code.startswith("frame[[")
    if again and frame != "frame":
        lines.append(f"frame = {frame}")
        frame = "frame"
    return frame + (f".drop(columns={recipe.dropped!r})" if recipe.dropped else ""), lines


_QUANTIZATIONS = {
    "scalar": "models.ScalarQuantization(scalar=models.ScalarQuantizationConfig(type='int8'))",
    "binary": "models.BinaryQuantization(binary=models.BinaryQuantizationConfig())",
}
_DISTANCES = {"Cosine": "COSINE", "Dot": "DOT", "Euclid": "EUCLID", "Manhattan": "MANHATTAN"}


def qdrant_code(recipe: Recipe) -> str:
    """Return the same for ``qdrant_client``: here in process, or against any server."""
    settings = recipe.settings
    params = [f"size={recipe.size}", f"distance=models.Distance.{_DISTANCES[settings['distance']]}"]
    if settings.get("on_disk"):
        params.append("on_disk=True")
    if settings.get("datatype", "float32") != "float32":
        params.append(f"datatype=models.Datatype.{settings['datatype'].upper()}")
    hnsw = [f"{n}={settings[n]}" for n in ("m", "ef_construct", "payload_m") if settings.get(n) is not None]
    lines = [
        "import json",
        "import numpy as np",
        "from qdrant_client import QdrantClient, models",
        'client = db.client()  # or QdrantClient("http://localhost:6333")',
        "client.create_collection(",
        f"    {recipe.name!r},",
        f"    vectors_config=models.VectorParams({', '.join(params)}),",
        f"    hnsw_config=models.HnswConfigDiff({', '.join(hnsw)}),",
    ]
    if settings.get("quantization"):
        lines.append(f"    quantization_config={_quantization(settings['quantization'])},")
    lines.append(")")
    for key, kind in settings.get("payload_indexes", {}).items():
        lines.append(
            f"client.create_payload_index({recipe.name!r}, {key!r}, models.PayloadSchemaType.{kind.upper()})"
        )
    lines += _upload(recipe)
    return "\n".join([*(["import workbench as wb"] if any("wb." in line for line in lines) else []), *lines])


def _quantization(config: Mapping[str, Any]) -> str:
    ((kind, own),) = config.items()
    if kind == "product":
        ratio = f"models.CompressionRatio.{own['compression'].upper()}"
        return f"models.ProductQuantization(product=models.ProductQuantizationConfig(compression={ratio}))"
    if kind == "turbo":
        bits = f"models.TurboQuantBitSize.{own['bits'].upper()}"
        return f"models.TurboQuantization(turbo=models.TurboQuantQuantizationConfig(bits={bits}))"
    return _QUANTIZATIONS[kind]


def _upload(recipe: Recipe) -> list[str]:
    rows, name = recipe.rows, recipe.name
    lines = [line for line in rows.setup if line not in ("import json", "import numpy as np")]
    frame = rows.frame_code
    if frame and frame != "frame":
        lines.append(f"frame = {frame}")
    vectors = recipe.vectors_code
    if recipe.text:
        vectors = (
            f"wb.embedding.resolve({recipe.embedder!r}).embed(frame[{recipe.text!r}].astype(str).tolist())"
        )
    elif recipe.column:
        vectors = f"np.stack(frame[{recipe.column!r}])"
    elif vectors.startswith(("'", '"')):
        vectors = f"np.load({vectors})"
    lines.append(f"vectors = np.asarray({vectors}, dtype=np.float32)")
    said = [repr(name), "vectors"]
    if frame:
        out = [c for c in dict.fromkeys([recipe.column, recipe.id, *recipe.dropped]) if c]
        part = f"frame.drop(columns={out!r})" if out else "frame"
        lines.append(f'payload = json.loads({part}.to_json(orient="records", date_format="iso"))')
        said.append("payload")
    said.append(f"frame[{recipe.id!r}].tolist()" if recipe.id else "range(len(vectors))")
    if len(said) == 3:
        said[2] = f"ids={said[2]}"
    return [*lines, f"client.upload_collection({', '.join(said)})"]
