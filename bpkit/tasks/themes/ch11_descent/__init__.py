"""Chapter 11: steps downhill, and when to stop."""
