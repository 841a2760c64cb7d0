"""How fast, how exact and how large, beside the engines people install; nothing here is asserted in a test.

- ``python -m tests.benchmarks`` (`make bench`) runs the benchmarks that `benchmarks.py` lists. Each is a
  module with ``run``, which measures, and ``table``, which tells the result.
- `peers/` has a file for each engine; `peers/peer.py` says what is asked of one.
- `compare.py` asks several engines in turn, `alone.py` one in a process of its own; `curves.py` is the
  arithmetic.
- `sets.py` and `synthetic.py` are the data, `report.py`, `plots.py` and `svg.py` the words and pictures.
- `results/` is what ``--save NAME`` wrote.

Machines are shared and noisy: whatever is compared runs in turn in one process, medians are quoted, and speed
never stands without recall.
"""
