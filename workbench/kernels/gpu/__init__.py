"""The kernels for NVIDIA GPUs: the only package that imports cupy, and only when a device is asked for.

================  ==========================================================================================
`devices`         which devices there are, and which one an engine means by ``device=``
`arrays`          where arrays live and compute: NumPy, or CuPy with a memory pool and a stream of its own
`products`        tiles of scores: matrix products in bf16 or TF32, which only propose
`topk`            the nearest of each row of a tile, merged into those of the tiles before
`measure`         exact distances in float32, which decide
`prune`           which neighbors are worth a link: the heuristic of HNSW, the ranks of CAGRA
`cells`           k-means, and the cells a point belongs to
`cuvs`            neighbors found by NVIDIA's library instead, where it is installed and asked for
`cuda/`           the sources of the hand-written kernels
================  ==========================================================================================

All code takes its arrays from a namespace and runs on NumPy too. Each hand-written kernel has a twin in
NumPy with the same meaning beside the call that launches it: where there is no device the twin runs, and the
tests compare both, on a device where there is one and else by running the CUDA source thread by thread on
the CPU.
"""
