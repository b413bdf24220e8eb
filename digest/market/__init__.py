"""Providers -> snapshot."""
