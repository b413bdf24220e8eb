"""The same work for a made-up person, taken back: so how long an answer takes does not tell who is known."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from subscribers.addresses import Address, parse_address


@contextmanager
def rehearsal(connection: Connection) -> Iterator[Address]:
    """Gives an address that nobody has; whatever the block writes is taken back at its end."""
    with connection.begin_nested() as taken_back:
        # ".test" (RFC 6761) reaches nobody, and a random name under it is not suppressed.
        yield parse_address(f"{secrets.token_hex(8)}@{secrets.token_hex(8)}.test")
        taken_back.rollback()
