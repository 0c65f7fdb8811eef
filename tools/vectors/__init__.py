"""What `tools/make_vectors.py` writes: one module a kind of vector, with the cases as a person thought them out."""
