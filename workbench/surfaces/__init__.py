"""How the outside speaks to the engine: the notebook, and Qdrant's client; each turns its own shapes into models."""
