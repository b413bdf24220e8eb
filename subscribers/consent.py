"""The history of consent: only ever added to, readable per person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from ipaddress import ip_address

from sqlalchemy import Connection, insert, select

from subscribers.cleaning import clean_line, show
from subscribers.errors import WrongValueError
from subscribers.model import Consent, ConsentEvent, ConsentEventKind
from subscribers.tables import consent_events, lists

#: How far ahead of ours another machine's clock may be.
_CLOCKS_APART = timedelta(hours=26)
_SOURCE_MAX = 500
_GERMAN_TIMES = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y, %H:%M", "%d.%m.%Y, %H:%M:%S")


def record_consent(
    conn: Connection,
    subscriber_id: int,
    list_id: int | None,
    event: ConsentEventKind,
    consent: Consent,
    *,
    now: datetime,
) -> None:
    """Write one event down."""
    conn.execute(insert(consent_events), [event_row(subscriber_id, list_id, event, consent, now)])


def event_row(
    subscriber_id: int, list_id: int | None, event: ConsentEventKind, consent: Consent, now: datetime
) -> dict[str, object]:
    """The row of `consent_events` for one event."""
    return {
        "subscriber_id": subscriber_id,
        "list_id": list_id,
        "event": event,
        "at": consent.at or now,
        "recorded_at": now,
        "source": clean_line(consent.source),
        "text": consent.text,
        "ip": consent.ip,
        "proof": consent.proof,
    }


def consent_history(conn: Connection, subscriber_id: int) -> list[ConsentEvent]:
    """Everything that was written down for this person, oldest first; also after the person's row is gone."""
    rows = conn.execute(
        select(consent_events).where(consent_events.c.subscriber_id == subscriber_id).order_by(consent_events.c.id)
    ).mappings()
    return [ConsentEvent(**row) for row in rows]


def lists_of_letter(conn: Connection, subscriber_id: int, event: ConsentEventKind, letter: int) -> dict[str, bool]:
    """The slugs of the lists whose `event` names that letter (its edition's number) as proof.

    Each with whether the letter's link still holds: not once the person left the list after it.
    """
    holds: dict[int | None, bool] = {}
    for each in consent_history(conn, subscriber_id):
        if each.event is event and each.proof.get("letter") == str(letter):
            holds[each.list_id] = True
        elif each.event is ConsentEventKind.UNSUBSCRIBED and each.list_id in holds:
            holds[each.list_id] = False
    known = conn.execute(select(lists.c.id, lists.c.slug).where(lists.c.id.in_(holds)).order_by(lists.c.slug))
    return {slug: holds[list_id] for list_id, slug in known}


def stated_consent(
    texts: Mapping[str, str], *, source: str, file: str, now: datetime, zone: tzinfo, store_ip: bool = True
) -> Consent | None:
    """What a row of a file (`consent_at`, `consent_source`, `consent_ip`) and the importer (`source`) state together.

    The row's own values go first. A time or a source is consent, an IP address alone is none; then None. A time
    without a zone is `zone`'s. Raises WrongValueError for a time that is none or lies ahead, or no IP address.
    """
    at = _time(texts.get("consent_at", ""), now, zone)
    ip = _ip(texts.get("consent_ip", ""))
    source = clean_line(texts.get("consent_source", "")) or source
    if len(source) > _SOURCE_MAX:
        raise WrongValueError("consent_source", show(source), f"{_SOURCE_MAX} characters at most.")
    if not source and at is None:
        return None
    return Consent(source=source or file, at=at, ip=ip if store_ip else "")


def _time(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    text = clean_line(text)
    if not text:
        return None
    at = _parse_time(text)
    if at is None:
        raise WrongValueError("consent_at", show(text), "must be a time such as 2026-05-31 14:05 or 31.05.2026 14:05.")
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    try:
        ahead = at > now + _CLOCKS_APART
    except OverflowError:
        ahead = True
    if ahead or at.year < 1970:
        raise WrongValueError("consent_at", show(text), "nobody can have agreed then.")
    return at


def _parse_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in _GERMAN_TIMES:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007, the zone is added by the caller
        except ValueError:
            continue
    return None


def _ip(text: str) -> str:
    text = clean_line(text)
    if not text:
        return ""
    try:
        return str(ip_address(text))
    except ValueError:
        raise WrongValueError("consent_ip", show(text), "is no IP address.") from None
