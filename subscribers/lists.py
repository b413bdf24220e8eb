"""Mailing lists: made, found, counted, renamed, archived, deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from subscribers.audit import record_change
from subscribers.cleaning import clean_line, show
from subscribers.errors import ListExistsError, UnknownListError, WrongValueError
from subscribers.model import ConsentEventKind, ListGrowth, ListSummary, MailingList, SubscriptionState
from subscribers.tables import consent_events, lists, subscriptions

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_NAME_MAX = 200
_JOINED = (ConsentEventKind.ADDED, ConsentEventKind.IMPORTED, ConsentEventKind.CONFIRMED)
_LEFT = (ConsentEventKind.UNSUBSCRIBED,)


def create_list(conn: Connection, slug: str, name: str, *, who: str = "", now: datetime) -> MailingList:
    """A new list. Raises ListExistsError, and WrongValueError for a slug or name that cannot be one."""
    check_slug(slug)
    name = check_name(name, slug)
    if conn.execute(select(lists.c.id).where(lists.c.slug == slug)).first():
        raise ListExistsError(slug)
    conn.execute(insert(lists).values(slug=slug, name=name, created_at=now))
    _audit(conn, who, "create", slug, now)
    return get_list(conn, slug)


def get_list(conn: Connection, slug: str) -> MailingList:
    """The list of that slug, archived or not. Raises UnknownListError."""
    row = conn.execute(select(lists).where(lists.c.slug == slug)).mappings().first()
    if row is None:
        raise UnknownListError(slug)
    return _mailing_list(row)


def rename_list(conn: Connection, slug: str, name: str, *, who: str = "", now: datetime) -> MailingList:
    """Give a list another name; its slug stays, for settings, editions and segments hold to that.

    Raises UnknownListError, WrongValueError.
    """
    name = check_name(name)
    if name != get_list(conn, slug).name:
        conn.execute(update(lists).where(lists.c.slug == slug).values(name=name))
        _audit(conn, who, "rename", slug, now, name=name)
    return get_list(conn, slug)


def archive_list(
    conn: Connection, slug: str, *, archived: bool = True, who: str = "", now: datetime
) -> tuple[MailingList, bool]:
    """Archive a list (it takes nobody in and is not mailed), or take it back; and whether that changed anything.

    Subscriptions stay as they are. Raises UnknownListError.
    """
    changed = (get_list(conn, slug).archived_at is not None) is not archived
    if changed:
        conn.execute(update(lists).where(lists.c.slug == slug).values(archived_at=now if archived else None))
        _audit(conn, who, "archive" if archived else "unarchive", slug, now)
    return get_list(conn, slug), changed


def delete_list(conn: Connection, slug: str, *, who: str = "", now: datetime) -> ListSummary:
    """Delete a list with all its subscriptions, and say what it was; the history of consent stays.

    Who left it is forgotten with it, as far as an import is concerned. Raises UnknownListError.
    """
    summary = summarize_list(conn, slug)
    conn.execute(delete(subscriptions).where(subscriptions.c.list_id == summary.mailing_list.id))
    conn.execute(delete(lists).where(lists.c.id == summary.mailing_list.id))
    counts = {state.value: str(getattr(summary, state.value)) for state in SubscriptionState}
    _audit(conn, who, "delete", slug, now, **counts)
    return summary


def list_lists(conn: Connection) -> list[ListSummary]:
    """All lists by slug, each with its subscriptions counted by state."""
    slugs = conn.execute(select(lists.c.slug).order_by(lists.c.slug)).scalars().all()
    return [summarize_list(conn, slug) for slug in slugs]


def summarize_list(conn: Connection, slug: str) -> ListSummary:
    """One list with its subscriptions counted by state. Raises UnknownListError."""
    found = get_list(conn, slug)
    counted = (
        select(subscriptions.c.state, func.count())
        .where(subscriptions.c.list_id == found.id)
        .group_by(subscriptions.c.state)
    )
    counts: dict[SubscriptionState, int] = dict(conn.execute(counted).all())
    return ListSummary(mailing_list=found, **{state.value: counts.get(state, 0) for state in SubscriptionState})


def list_growth(conn: Connection, list_id: int, *, now: datetime) -> ListGrowth:
    """Who joined and left of late, by the history of consent; who did both counts in both."""

    def count(kinds: Sequence[ConsentEventKind], days: int) -> int:
        own = consent_events.c
        query = select(func.count()).where(
            own.list_id == list_id, own.event.in_(kinds), own.recorded_at >= now - timedelta(days=days)
        )
        return conn.execute(query).scalar_one()

    return ListGrowth(
        joined_7_days=count(_JOINED, 7),
        left_7_days=count(_LEFT, 7),
        joined_30_days=count(_JOINED, 30),
        left_30_days=count(_LEFT, 30),
    )


def open_list_ids(conn: Connection, slugs: Sequence[str]) -> list[int]:
    """The ids of those lists that are not archived. Raises UnknownListError for a slug that is not there."""
    found = {row.slug: row for row in conn.execute(select(lists).where(lists.c.slug.in_(slugs)))}
    for slug in slugs:
        if slug not in found:
            raise UnknownListError(slug)
    return sorted(row.id for row in found.values() if row.archived_at is None)


def check_slug(slug: str) -> None:
    """Raises WrongValueError for what cannot be the slug of a list or a segment."""
    if not _SLUG.fullmatch(slug):
        raise WrongValueError("slug", show(slug), "must be small letters, digits and hyphens, 64 at most.")


def check_name(name: str, default: str = "") -> str:
    """A name on one line, `default` where there is none. Raises WrongValueError for one too long, or none at all."""
    name = clean_line(name) or default
    if not name:
        raise WrongValueError("name", show(name), "it must not be empty.")
    if len(name) > _NAME_MAX:
        raise WrongValueError("name", show(name), f"a name has {_NAME_MAX} characters at most.")
    return name


def _audit(conn: Connection, who: str, step: str, slug: str, now: datetime, **detail: str) -> None:
    if who:
        record_change(conn, who=who, what=f"list.{step}", subject=slug, at=now, detail=detail)


def _mailing_list(row: RowMapping) -> MailingList:
    return MailingList(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        created_at=row["created_at"],
        archived_at=row["archived_at"],
    )
