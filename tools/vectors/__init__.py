"""What `tools/make_vectors.py` writes: one module a kind of vector, each with the cases as a person thought them out."""
