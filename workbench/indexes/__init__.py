"""Finding the nearest vectors: exactly (`flat`) and through a graph (`hnsw`)."""
