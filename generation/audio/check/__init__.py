"""Measured honesty: what is measured on every take before it is delivered, and what is said when it falls short."""
