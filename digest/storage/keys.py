"""API keys: made, checked, listed, revoked. Of a key only its hash is kept.

A key is `digest_<prefix>_<secret>`: the prefix finds its row, and the secret has 256 random bits, so that one SHA-256
is enough to keep it by; it also lets a scanner for leaked secrets know one when it sees one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, insert, select, update

from digest.errors import NotFoundError, UsageError
from digest.model.api_key import ApiKey, Scope
from digest.model.newsletter import SLUG
from digest.storage.tables import api_keys

_PREFIX_OCTETS, _SECRET_OCTETS = 4, 32
_SHAPE = re.compile(r"digest_([0-9a-f]{8})_([0-9a-f]{64})")
#: "Last used" is written no more often: a call that only reads stays one that only reads.
_USE_NOTED = timedelta(minutes=1)
_K = api_keys.c


def create_key(connection: Connection, name: str, scopes: Iterable[Scope], *, now: datetime) -> tuple[ApiKey, str]:
    """A new key, and its text, which cannot be shown again. Raises UsageError for a name that is taken or is none."""
    if not SLUG.fullmatch(name):
        raise UsageError(f"The name {name!r} of a key must be small letters, digits and hyphens, 64 at most.")
    known = connection.execute(select(_K.revoked_at).where(_K.name == name)).first()
    if known is not None:
        gone = " It was revoked, but the audit trail still names it." if known.revoked_at else ""
        raise UsageError(f"There is a key {name} already; choose another name.{gone}")
    prefix, secret = secrets.token_hex(_PREFIX_OCTETS), secrets.token_hex(_SECRET_OCTETS)
    text = f"digest_{prefix}_{secret}"
    wanted = set(scopes)
    ordered = tuple(scope.value for scope in Scope if scope in wanted)
    row = {"name": name, "prefix": prefix, "key_hash": _hash(text), "scopes": ordered, "created_at": now}
    connection.execute(insert(api_keys).values(row))
    return _by_name(connection, name), text


def find_key(connection: Connection, text: str) -> ApiKey | None:
    """The key that `text` is, unless it is revoked or unknown; compared in constant time."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    row = connection.execute(select(api_keys).where(_K.prefix == shape[1])).mappings().first()
    if row is None or not hmac.compare_digest(row["key_hash"], _hash(text)) or row["revoked_at"] is not None:
        return None
    return _key(row)


def use_is_news(key: ApiKey, now: datetime) -> bool:
    """Whether it is worth a write that the key is used at `now`."""
    return key.last_used_at is None or abs(now - key.last_used_at) >= _USE_NOTED


def note_use(connection: Connection, key: ApiKey, now: datetime) -> None:
    connection.execute(update(api_keys).where(_K.id == key.id).values(last_used_at=now))


def list_keys(connection: Connection) -> list[ApiKey]:
    """All keys by name, the revoked ones among them."""
    return [_key(row) for row in connection.execute(select(api_keys).order_by(_K.name)).mappings()]


def revoke_key(connection: Connection, name: str, *, now: datetime) -> tuple[ApiKey, bool]:
    """End a key for good; whether it was still good. Raises NotFoundError."""
    known = _by_name(connection, name)
    if known.revoked_at is not None:
        return known, False
    connection.execute(update(api_keys).where(_K.id == known.id).values(revoked_at=now))
    return _by_name(connection, name), True


def _by_name(connection: Connection, name: str) -> ApiKey:
    row = connection.execute(select(api_keys).where(_K.name == name)).mappings().first()
    if row is None:
        raise NotFoundError("key", name, "in the database; `digest keys list` shows which there are")
    return _key(row)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(**{name: row[name] for name in ApiKey.__struct_fields__})
