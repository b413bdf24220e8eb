"""Sources -> articles."""
