"""Tests of the package generation."""
