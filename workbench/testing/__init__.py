"""What a collection must always be, in code: a model, checks against it, and random operations.

Whoever writes another surface or storage for collections tests it with these. ``strategies`` needs
hypothesis, which comes with the extra ``dev``; the others need nothing more.
"""
