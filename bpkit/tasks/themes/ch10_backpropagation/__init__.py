"""Chapter 10: whole networks, forward and backward."""
