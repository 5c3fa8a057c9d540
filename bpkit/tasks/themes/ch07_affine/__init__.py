"""Chapter 7: the affine layer, Y = X @ W + b."""
