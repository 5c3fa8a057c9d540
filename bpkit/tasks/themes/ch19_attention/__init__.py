"""Chapter 19: embeddings and attention."""
