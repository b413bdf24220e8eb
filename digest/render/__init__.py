"""Jinja -> MJML -> HTML -> shell, once per edition; shell -> message bytes, per recipient."""
