"""The kernels for the CPU, compiled by numba; importing a module compiles its kernels or loads them.

This package imports those that all searches need; the others are imported when something first needs them.

================  ==========================================================================================
`metrics`         distances between a float32 query and stored float32, float16 or uint8 rows
`codes`           distances between a query and int8 codes of rows
`bits`            distances between a query and quantized rows of the other kinds
`ordering`        (distance, row) packed in one word: sorted pools and heaps
`limits`          which of many numbers are at most a limit, and the least, without a branch for each
`traversal`       search of an HNSW graph, plain and filtered
`scan`            exact search, row by row
`queries`         a query copied, checked and normalized
`proof`           exact search by int8 codes, which proves what it leaves out
`nibbles`         the same by half a byte a number first, which leaves few codes; rows in `nibble_rows`
`nibble_products` products with those rows: what walks measure where that pays
`encoding`        making those codes
`sieve`           scans by one bit a number, which leave few rows to measure; rows of it are in `signs`
`sign_lanes`      those rows eight side by side, for what reads all of them in order
`sign_blocks`     the same for a growing tail
`growing`         what codes of a growing tail need, together
`sparse`          search of sparse vectors by their postings
`multivector`     MaxSim between multivectors
`construction`    building an HNSW graph in batches
`quantization`    making quantized rows, and queries to them
`repair`          removing nodes from an HNSW graph
`building`        `construction` and `repair` together
`loops`           the innermost loops, in LLVM's vector language
`lanes`           vectors of numbers as LLVM has them: loads, shuffles
`memory`, `jit`   reading raw memory; how all of them are compiled and cached
`addresses`       arrays that are told by where they are
================  ==========================================================================================

**No kernel checks bounds.** A graph must have passed ``HnswGraph.validate`` before it comes here. Every
kernel runs without the GIL and has exactly one compiled signature: stored vectors come as a *space*, five
integers (address, bytes per row, dimension, kind, terms), so that the element type is a value and not a
type, and one compilation serves all of them. Whoever makes a space keeps the array alive.
"""

from __future__ import annotations

from workbench.kernels.cpu.jit import direct
from workbench.kernels.cpu.metrics import kind_of
from workbench.kernels.cpu.queries import copy_query
from workbench.kernels.cpu.scan import scan, scan_listed
from workbench.kernels.cpu.traversal import search

__all__ = ["copy_query", "direct", "kind_of", "scan", "scan_listed", "search"]
