"""Payload indexes: columns of payload values, and filters answered from them by array code.

=================  ===============================================================
``table.py``       PayloadTable: which rows of a segment does a filter accept?
``columns.py``     one field of all rows as flat arrays; how a column grows
``predicates.py``  what a predicate accepts, as array code over a column
``narrow.py``      the codes or integers of a long column in one byte or two, and by code
``ranks.py``       its numbers or moments by rank, for ranges
``stripes.py``     its positions in stripes, for areas
``strings.py``     the distinct strings of a column, and what predicates say of them
``elements.py``    the objects inside arrays, which ``nested`` looks at, as a table
=================  ===============================================================

What a filter means is decided in ``workbench.filters`` alone; everything here must accept the same rows.
"""

from workbench.indexes.payload.columns import Column, Tag
from workbench.indexes.payload.table import PayloadTable

__all__ = ["Column", "PayloadTable", "Tag"]
