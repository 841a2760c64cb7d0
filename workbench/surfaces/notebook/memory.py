"""The answer to "what takes the memory?": a table that shows itself and turns into a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench import collection as core
from workbench.collection.memory import ORDER, Part, add_up, measure
from workbench.engine import Engine
from workbench.errors import Closed, Corrupted, InvalidRequest, NotFound
from workbench.surfaces import html

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("disk", "mapped", "held", "resident", "predicted")


@dataclass(frozen=True, slots=True, repr=False)
class CollectionMemory:
    """The bytes of a collection at one moment.

    Attributes
    ----------
    name : str
        The collection's.
    parts : tuple of Part
        Its components, described in :mod:`workbench.collection.memory`.

    Examples
    --------
    >>> import workbench as wb
    >>> points = wb.open().create("points", vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False)
    >>> points.memory()["vectors"].held
    16
    """

    name: str
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, inner: core.Collection) -> CollectionMemory:
        """Measure a collection now."""
        return cls(inner.name, measure(inner))

    @property
    def total(self) -> Part:
        """All components added up; what is not known of one does not count."""
        return add_up("total", self.parts)

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)

    def __getitem__(self, component: str) -> Part:
        """Return a component, added up over vectors or payload keys; zeros where the collection has none.

        Raises
        ------
        InvalidRequest
            When there is no component of this name in any collection.
        """
        if component not in ORDER:
            raise InvalidRequest(f"expected one of {', '.join(ORDER)}, got {component!r:.80}")
        return add_up(component, (part for part in self.parts if part.component == component))

    def to_frame(self) -> pd.DataFrame:
        """Return a DataFrame of one row a component, whose columns are the fields of ``Part``."""
        return _frame([asdict(part) for part in self.parts], list(Part.__dataclass_fields__))

    def __repr__(self) -> str:
        rows = [[part.component, part.name, *_sizes(part), part.note] for part in (*self.parts, self.total)]
        return _text(f"Memory of {self.name}", ["component", "name", *_NUMBERS, "note"], rows)

    def _repr_html_(self) -> str:
        rows = [(part.component, part.name, part, part.note) for part in self.parts]
        return _table(self.name, ["component", "name"], rows, self.total)


@dataclass(frozen=True, slots=True, repr=False)
class DatabaseMemory:
    """The bytes of all collections of a database at one moment.

    Attributes
    ----------
    name : str
        The folder, or "in memory".
    collections : tuple of CollectionMemory
        In the order of their names.
    """

    name: str
    collections: tuple[CollectionMemory, ...]

    @classmethod
    def of(cls, engine: Engine) -> DatabaseMemory:
        """Measure every collection that is open now."""
        found = []
        for name in engine.names():
            try:
                found.append(CollectionMemory.of(engine.collection(name)))
            except (Closed, Corrupted, NotFound):  # damaged, or deleted meanwhile
                continue
        return cls(str(engine.root or "in memory"), tuple(found))

    @property
    def total(self) -> Part:
        """All collections added up; what is not known of one does not count."""
        return add_up("total", (part for known in self.collections for part in known.parts))

    def __len__(self) -> int:
        return len(self.collections)

    def __iter__(self) -> Iterator[CollectionMemory]:
        return iter(self.collections)

    def __getitem__(self, name: str) -> CollectionMemory:
        """Return the bytes of one collection; raise ``NotFound`` when it was not measured."""
        for known in self.collections:
            if known.name == name:
                return known
        names = ", ".join(c.name for c in self.collections) or "none"
        raise NotFound(f"Collection `{name}` was not measured. Collections that were: {names}")

    def to_frame(self) -> pd.DataFrame:
        """Return a DataFrame of one row a component of each collection."""
        rows = [{"collection": c.name, **asdict(part)} for c in self.collections for part in c.parts]
        return _frame(rows, ["collection", *Part.__dataclass_fields__])

    def __repr__(self) -> str:
        rows = [[c.name, *_sizes(c.total)] for c in self.collections]
        rows.append(["total", *_sizes(self.total)])
        return _text(f"Memory of {self.name}", ["collection", *_NUMBERS], rows)

    def _repr_html_(self) -> str:
        rows = [(c.name, c.total, "") for c in self.collections]
        return _table(self.name, ["collection"], rows, self.total)


def _frame(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    # Int64 and not int64: what cannot be told is missing, and what can be stays whole.
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(_NUMBERS, "Int64"))


def _sizes(part: Part) -> list[str]:
    values = (getattr(part, number) for number in _NUMBERS)
    return ["–" if value is None else html.size(value) for value in values]


def _text(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return lines in columns, numbers to the right; a column without any text is left out."""
    shown = [i for i, name in enumerate(head) if name in _NUMBERS or any(row[i] for row in rows)]
    lines = [[str(line[i]) for i in shown] for line in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    fit = [str.rjust if head[i] in _NUMBERS else str.ljust for i in shown]
    text = ["  ".join(f(v, w) for f, v, w in zip(fit, line, widths, strict=True)) for line in lines]
    return "\n".join([title, *(f"  {line.rstrip()}" for line in text)])


def _table(title: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]], total: Part) -> str:
    """Return a table whose `rows` are a text for each of `names`, a part for the sizes, and a note."""
    head = "".join(f"<th>{html.cell(n)}</th>" for n in (*names, *_NUMBERS, ""))
    body = ""
    for *texts, part, note in rows:
        body += f'<tr>{_cells(texts)}{_numbers(part)}<td class="dim">{html.cell(note)}</td></tr>'
    last = f"<tr><th>total</th>{_cells([''] * (len(names) - 1))}{_numbers(total)}<td></td></tr>"
    aside = f"memory · {html.size(total.mapped + total.held)} mapped and held"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}{last}</tbody></table>"
    return html.framed(title, aside, table)


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"<td>{html.cell(text, 60)}</td>" for text in texts)


def _numbers(part: Part) -> str:
    return "".join(f'<td class="n">{html.cell(text)}</td>' for text in _sizes(part))
