"""Bytes and time: how a collection is kept on disk, or in memory with the same code.

A database folder::

    workbench.sqlite            catalog: collections, their folders, aliases
    LOCK                        held by flock while a process has the folder open
    collections/<slug>-<hex>/
        points.sqlite           operation log, ids, payloads, tombstones and the manifest of segments
        segments/<number>/      vectors and graph of one segment as .npy files, or the growing tail

The order of every write is data, index, receipt, manifest: vector bytes are written and synced first, and the
one SQLite transaction (WAL, synchronous=FULL) that names them makes them visible. What no transaction names
is removed, or cut off, at the next open. Graphs, id maps and payload columns are derived and can be rebuilt.
"""
