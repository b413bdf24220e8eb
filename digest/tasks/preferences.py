"""What a reader chooses: topics, coins, how much, in which form, which newsletters, and a pause."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

from msgspec import UNSET
from sqlalchemy import Connection

from digest.model.newsletter import MOST_ARTICLES, Newsletter
from digest.model.reader import NewsletterChoice, Origin, PreferenceChanges, Preferences
from digest.tasks.desk import READER, Desk
from digest.tasks.join import ask_to_join, join, write_joining
from digest.tasks.leave import leave_lists, standings_of, write_goodbyes
from digest.tasks.reader_links import Bearer, bearer_of_letter, bearer_of_mail, mask_address
from subscribers.audit import record_change
from subscribers.model import Changes, Subscriber, SubscriptionState
from subscribers.repository import change_subscriber, subscriber_by_handle

#: Nobody pauses longer: after that they have forgotten us.
LONGEST_PAUSE = timedelta(days=366)


class _Visitor(NamedTuple):
    """Who came by a link, and whether it is a fresh one, that only the owner of the address can have."""

    bearer: Bearer
    fresh: bool


def preferences(desk: Desk, token: str) -> Preferences | None:
    """See `ReaderRequests.preferences`."""
    with desk.database.read() as connection:
        visitor = _visitor(desk, connection, token)
        return _shown(desk, connection, visitor.bearer) if visitor else None


def change_preferences(desk: Desk, token: str, changes: PreferenceChanges, origin: Origin) -> Preferences | None:
    """See `ReaderRequests.change_preferences`."""
    now = desk.clock()
    with desk.database.read() as connection:
        visitor = _visitor(desk, connection, token)
        if visitor is None:
            return None
        if changes.newsletters is not UNSET:
            write_goodbyes(desk, standings_of(connection, visitor.bearer.person), now)
            write_joining(desk, now, fresh=visitor.fresh)
    person = visitor.bearer.person
    with desk.database.write() as connection:
        chosen = _choices(desk, person, changes, now)
        if chosen != Changes():
            change_subscriber(connection, person.id, chosen, now=now)
            record_change(
                connection,
                who=READER,
                what="subscriber.set",
                subject=str(person.id),
                subscriber_id=person.id,
                detail={"fields": ", ".join(name for name, value in _set(chosen))},
                at=now,
            )
        if changes.newsletters is not UNSET:
            _change_newsletters(desk, connection, visitor, changes.newsletters, origin, token, now)
        changed = subscriber_by_handle(connection, person.handle)
        return _shown(desk, connection, visitor.bearer._replace(person=changed)) if changed else None


def _visitor(desk: Desk, connection: Connection, token: str) -> _Visitor | None:
    owner = bearer_of_letter(desk, connection, "account", token, desk.clock())
    if owner and not owner.expired:
        return _Visitor(owner, fresh=True)
    reader = bearer_of_mail(desk, connection, "settings", token)
    return _Visitor(reader, fresh=False) if reader else None


def _shown(desk: Desk, connection: Connection, bearer: Bearer) -> Preferences:
    person, zone = bearer.person, desk.site.zone
    standings = standings_of(connection, person)
    paused = person.paused_until if person.paused_until and person.paused_until > desk.clock() else None
    return Preferences(
        newsletter_name=bearer.newsletter.name if bearer.newsletter else desk.site.name,
        address=mask_address(person.email),
        form=person.form,
        topics=person.topics,
        coins=person.coins,
        max_articles=person.max_articles,
        paused_until=paused.astimezone(zone).date() if paused else None,
        newsletters=tuple(
            NewsletterChoice(slug=each.slug, name=each.name, state=_state(each, standings)) for each in desk.newsletters
        ),
        known_topics=desk.topics,
        known_coins=desk.coins,
    )


def _state(newsletter: Newsletter, standings: dict[str, SubscriptionState]) -> Literal["", "pending", "active"]:
    states = {standings.get(slug) for slug in newsletter.lists}
    if SubscriptionState.ACTIVE in states:
        return "active"
    return "pending" if SubscriptionState.PENDING in states else ""


def _choices(desk: Desk, person: Subscriber, changes: PreferenceChanges, now: datetime) -> Changes:
    """What is new of `changes`, as far as it may be chosen; what a person has already, they may keep."""
    wanted: dict[str, object] = {}
    if changes.form is not UNSET:
        wanted["form"] = changes.form
    if changes.topics is not UNSET:
        known = {*desk.topics, *person.topics}
        wanted["topics"] = tuple(dict.fromkeys(t for topic in changes.topics if (t := topic.lower()) in known))
    if changes.coins is not UNSET:
        known = {*desk.coins, *person.coins}
        wanted["coins"] = tuple(dict.fromkeys(c for coin in changes.coins if (c := coin.upper()) in known))
    if changes.max_articles is not UNSET:
        wanted["max_articles"] = changes.max_articles and max(1, min(changes.max_articles, MOST_ARTICLES))
    if changes.paused_until is not UNSET:
        wanted["paused_until"] = _pause_end(desk, changes.paused_until, now)
    return Changes(**{name: value for name, value in wanted.items() if value != getattr(person, name)})  # type: ignore[arg-type]


def _pause_end(desk: Desk, until: date | None, now: datetime) -> datetime | None:
    """The beginning of that day where the site is; none for a day that has begun."""
    zone = desk.site.zone
    today = now.astimezone(zone).date()
    if until is None or until <= today:
        return None
    return datetime.combine(min(until, today + LONGEST_PAUSE), time(), zone)


def _set(changes: Changes) -> list[tuple[str, object]]:
    names = changes.__struct_fields__
    return [(name, value) for name in names if (value := getattr(changes, name)) is not UNSET]


def _change_newsletters(
    desk: Desk,
    connection: Connection,
    visitor: _Visitor,
    wanted: tuple[str, ...],
    origin: Origin,
    token: str,
    now: datetime,
) -> None:
    """Leave what is not wanted, ask for what is; with a fresh link it is confirmed by that."""
    person = visitor.bearer.person
    standings = standings_of(connection, person)
    kept = {slug for newsletter in desk.newsletters if newsletter.slug in wanted for slug in newsletter.lists}
    for newsletter in desk.newsletters:
        state = _state(newsletter, standings)
        if state and newsletter.slug not in wanted:
            # A list that a wanted newsletter goes to as well is not left.
            ended = {slug: standings[slug] for slug in newsletter.lists if slug in standings and slug not in kept}
            leave_lists(desk, connection, person, ended, origin=origin, edition=visitor.bearer.edition, now=now)
        elif newsletter.slug in wanted and state != "active":
            if visitor.fresh:
                join(desk, connection, newsletter, person, origin, token, now)
            elif not state:
                ask_to_join(desk, connection, newsletter, person, origin, now)
        standings = standings_of(connection, person)
