"""Segments kept under a slug: made, found, listed, deleted, and turned into a condition on people."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from subscribers.audit import record_change
from subscribers.cleaning import clean_line
from subscribers.errors import SegmentExistsError, UnknownSegmentError
from subscribers.lists import check_name, check_slug
from subscribers.model import Segment, Subscriber
from subscribers.rows import PUBLIC_COLUMNS, subscriber_of
from subscribers.tables import segments, subscribers


def create_segment(conn: Connection, slug: str, name: str, expression: str, *, who: str = "", now: datetime) -> Segment:
    """A new segment. Raises SegmentError, SegmentExistsError, and WrongValueError for a slug or name that is none."""
    check_slug(slug)
    name = check_name(name, slug)
    if conn.execute(select(segments.c.id).where(segments.c.slug == slug)).first():
        raise SegmentExistsError(slug)
    expression = clean_line(expression)
    check_expression(conn, expression)
    conn.execute(insert(segments).values(slug=slug, name=name, expression=expression, created_at=now))
    if who:
        record_change(conn, who=who, what="segment.create", subject=slug, at=now)
    return get_segment(conn, slug)


def get_segment(conn: Connection, slug: str) -> Segment:
    """The segment of that slug. Raises UnknownSegmentError."""
    row = conn.execute(select(segments).where(segments.c.slug == slug)).mappings().first()
    if row is None:
        raise UnknownSegmentError(slug)
    return Segment(**row)


def list_segments(conn: Connection) -> list[Segment]:
    """All segments by slug."""
    return [Segment(**row) for row in conn.execute(select(segments).order_by(segments.c.slug)).mappings()]


def delete_segment(conn: Connection, slug: str, *, who: str = "", now: datetime) -> None:
    """Forget a segment; nothing happens to the people in it. Raises UnknownSegmentError."""
    get_segment(conn, slug)
    conn.execute(delete(segments).where(segments.c.slug == slug))
    if who:
        record_change(conn, who=who, what="segment.delete", subject=slug, at=now)


def check_expression(conn: Connection, expression: str) -> None:
    """Raises SegmentError for an expression that cannot be read, or that names what is not there."""
    from subscribers.segments.grammar import parse_segment
    from subscribers.segments.names import check_names

    check_names(conn, clean_line(expression), parse_segment(expression))


def expression_clause(conn: Connection, expression: str, *, zone: tzinfo) -> ColumnElement[bool]:
    """The condition on rows of `subscribers` that an expression comes to; days are `zone`'s. Raises SegmentError."""
    # The parser is for those who use segments: the sending process comes through here.
    from subscribers.segments.conditions import segment_clause
    from subscribers.segments.grammar import parse_segment

    return segment_clause(conn, parse_segment(expression), zone)


def clause_of_segment(conn: Connection, slug: str, *, zone: tzinfo) -> ColumnElement[bool] | None:
    """The condition of the segment `slug`, None where that is "". Raises UnknownSegmentError."""
    return expression_clause(conn, get_segment(conn, slug).expression, zone=zone) if slug else None


def tag_clause(conn: Connection, tag: str) -> ColumnElement[bool]:
    """The condition on rows of `subscribers` that somebody has that tag."""
    from subscribers.segments.conditions import segment_clause
    from subscribers.segments.fields import find_field
    from subscribers.segments.tree import Equals

    return segment_clause(conn, Equals(find_field("tag"), clean_line(tag)), UTC)


def count_people(conn: Connection, clause: ColumnElement[bool]) -> int:
    """How many people `clause` holds for, on whatever list."""
    return conn.execute(select(func.count()).select_from(subscribers).where(clause)).scalar_one()


def some_people(conn: Connection, clause: ColumnElement[bool], *, limit: int) -> list[Subscriber]:
    """The first `limit` people that `clause` holds for, by number."""
    query = select(*PUBLIC_COLUMNS).where(clause).order_by(subscribers.c.id).limit(limit)
    return [subscriber_of(row) for row in conn.execute(query)]


def is_in_segment(conn: Connection, subscriber_id: int, slug: str, *, zone: tzinfo) -> bool:
    """Whether a person is in the segment `slug`; everybody is where that is "". Raises UnknownSegmentError."""
    clause = clause_of_segment(conn, slug, zone=zone)
    if clause is None:
        return True
    query = select(subscribers.c.id).where(subscribers.c.id == subscriber_id, clause)
    return conn.execute(query).first() is not None
