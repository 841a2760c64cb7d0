"""Maps of vectors on the plane: layouts, how far they can be trusted, and what their regions are about.

Everything here works on arrays. Neighbors come from an index, as ``int32[n, k]`` of rows and
``float32[n, k]`` of distances, ascending.
"""
