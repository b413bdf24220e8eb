"""Segments: conditions on people in a small language, read into a tree and compiled to SQL. No code, no SQL in it."""
