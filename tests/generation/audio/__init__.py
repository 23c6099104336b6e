"""Tests of audio in and out."""
