"""How the outside speaks to the engine; each surface turns its own shapes into models.

``client`` is Qdrant's Python client in process; ``notebook`` takes and gives DataFrames and opens the others.
"""
