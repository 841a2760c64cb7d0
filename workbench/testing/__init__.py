"""What a collection must always be, in code: a model, checks against it, and random operations.

Whoever writes another surface or storage for collections tests it with these. ``client_tests`` is the suite
for surfaces. It needs pytest, and ``strategies`` needs hypothesis; both come with the extra ``dev``.
"""
