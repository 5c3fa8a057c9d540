"""Chapter 3: where a value is used twice, what its uses send back adds up."""
