"""Chapter 6: Jacobians, and vector-Jacobian products that never build them."""
