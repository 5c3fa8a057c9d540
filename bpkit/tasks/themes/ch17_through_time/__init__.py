"""Chapter 17: backpropagation through time, whole and truncated."""
