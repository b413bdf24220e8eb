"""Newsletters and personal daily digests for German newsrooms."""

__version__ = "0.1.0"
