"""Each prints a ratio against a named reference that is measured in the same run, on the same machine."""
