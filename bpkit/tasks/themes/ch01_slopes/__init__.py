"""Chapter 1: slopes, measured from a function's values."""
