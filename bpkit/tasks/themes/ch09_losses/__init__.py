"""Chapter 9: losses, and the gradient that starts the way back."""
