"""How much of each limit was used (`digest.deliver.quota.UsageBook`): one row per relay or family of domains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, select, update

from digest.storage.database import Database
from digest.storage.tables import sending_usage
from subscribers.upsert import insert_if_absent

#: Longer than any limit's period, with a clock set back by a day.
_KEPT = timedelta(days=3)

_Used = Mapping[int, Mapping[int, int]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[int, dict[int, int]]).decode
_EMPTY = _encode({})


class SqlUsageBook:
    """Usage in the database: processes on one database keep its limits together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pruned = False

    def change(self, key: str, decide: Callable[[_Used], _Used], now: datetime) -> None:
        """Replace what stands under `key` by what `decide` makes of it, in one transaction."""
        with self._database.write() as connection:
            if not self._pruned:
                connection.execute(delete(sending_usage).where(sending_usage.c.changed_at < now - _KEPT))
            stored = _load(connection, key, now)
            changed = _encode(decide(_decode(stored)))
            if changed != stored:
                connection.execute(
                    update(sending_usage).where(sending_usage.c.key == key).values(used=changed, changed_at=now)
                )
        self._pruned = True


def _load(connection: Connection, key: str, now: datetime) -> bytes:
    """The page of `key`, locked until the transaction ends; made where there is none."""
    query = select(sending_usage.c.used).where(sending_usage.c.key == key).with_for_update()
    stored = connection.execute(query).scalar()
    if stored is None:
        page = {"key": key, "used": _EMPTY, "changed_at": now}
        connection.execute(insert_if_absent(connection, sending_usage, "key"), page)
        stored = connection.execute(query).scalar_one()
    return bytes(stored)
