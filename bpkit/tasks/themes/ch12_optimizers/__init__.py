"""Chapter 12: from momentum to AdamW."""
