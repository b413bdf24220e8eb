"""The [templates] table."""

from __future__ import annotations

from digest.model.settings import Table


class TemplatesSettings(Table, frozen=True, kw_only=True):
    """`path` is an operator's own folder; it wins over the shipped templates, file by file."""

    path: str = ""
