"""The page on this machine, and its routes."""
