"""Chapter 15: normalization over the batch, a row, a group."""
