"""Chapter 8: activations, each with its local derivative."""
