"""Chapter 5: gradients are measured and compared, and the entry that is wrong is found."""
