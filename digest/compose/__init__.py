"""Which blocks, in which order, for whom. Pure functions."""
