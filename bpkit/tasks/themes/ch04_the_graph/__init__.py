"""Chapter 4: a graph is recorded, sorted and swept backward."""
