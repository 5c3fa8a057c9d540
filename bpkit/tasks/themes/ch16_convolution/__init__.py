"""Chapter 16: convolution and pooling."""
