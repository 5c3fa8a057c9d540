"""Chapter 20: forward and reverse, and derivatives of derivatives."""
