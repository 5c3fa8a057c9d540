"""Chapter 2: along a chain, local slopes multiply."""
