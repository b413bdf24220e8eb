"""Mailing lists: made, found, counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, select

from subscribers.cleaning import clean_line, show
from subscribers.errors import ListExistsError, UnknownListError, WrongValueError
from subscribers.model import ListSummary, MailingList, SubscriptionState
from subscribers.tables import lists, subscriptions

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_NAME_MAX = 200


def create_list(conn: Connection, slug: str, name: str, *, now: datetime) -> MailingList:
    """A new list. Raises ListExistsError, and WrongValueError for a slug or name that cannot be one."""
    if not _SLUG.fullmatch(slug):
        raise WrongValueError("slug", show(slug), "must be small letters, digits and hyphens, 64 at most.")
    name = clean_line(name) or slug
    if len(name) > _NAME_MAX:
        raise WrongValueError("name", show(name), f"a name has {_NAME_MAX} characters at most.")
    if conn.execute(select(lists.c.id).where(lists.c.slug == slug)).first():
        raise ListExistsError(slug)
    conn.execute(insert(lists).values(slug=slug, name=name, created_at=now))
    return get_list(conn, slug)


def get_list(conn: Connection, slug: str) -> MailingList:
    """The list of that slug, archived or not. Raises UnknownListError."""
    row = conn.execute(select(lists).where(lists.c.slug == slug)).mappings().first()
    if row is None:
        raise UnknownListError(slug)
    return _mailing_list(row)


def list_lists(conn: Connection) -> list[ListSummary]:
    """All lists by slug, each with its subscriptions counted by state."""
    counted = (
        select(subscriptions.c.list_id, subscriptions.c.state, func.count())
        .group_by(subscriptions.c.list_id, subscriptions.c.state)
        .order_by(None)
    )
    counts = {(list_id, state): count for list_id, state, count in conn.execute(counted)}
    rows = conn.execute(select(lists).order_by(lists.c.slug)).mappings().all()
    return [
        ListSummary(
            mailing_list=_mailing_list(row),
            **{state.value: counts.get((row["id"], state), 0) for state in SubscriptionState},
        )
        for row in rows
    ]


def open_list_ids(conn: Connection, slugs: Sequence[str]) -> list[int]:
    """The ids of those lists that are not archived. Raises UnknownListError for a slug that is not there."""
    found = {row.slug: row for row in conn.execute(select(lists).where(lists.c.slug.in_(slugs)))}
    for slug in slugs:
        if slug not in found:
            raise UnknownListError(slug)
    return sorted(row.id for row in found.values() if row.archived_at is None)


def _mailing_list(row: RowMapping) -> MailingList:
    return MailingList(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        created_at=row["created_at"],
        archived_at=row["archived_at"],
    )
