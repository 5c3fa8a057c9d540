"""Chapter 14: what keeps a network from learning by heart."""
