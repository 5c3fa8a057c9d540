"""Chapter 13: what depth does to signals and gradients."""
