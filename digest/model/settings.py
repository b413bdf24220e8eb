"""What every settings table of every room is made of."""

from __future__ import annotations

import msgspec


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One TOML table. A field with a default may be left out; an unknown key is an error.

    A room checks its own values in `__post_init__` by raising ValueError with a sentence; `config.py` adds
    key and file.
    """
