"""What only a fresh link opens, mailed to the address on file: name, address, export, erasure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET
from sqlalchemy import Connection

from digest.errors import SignUpError
from digest.model.newsletter import Newsletter
from digest.model.reader import Account, AccountChanges, Origin
from digest.storage.deliveries import frozen_recipient
from digest.tasks.confirm_sign_up import is_suppressed
from digest.tasks.desk import READER, Desk
from digest.tasks.export_person import export_person
from digest.tasks.forget_person import forget_person
from digest.tasks.leave import standings_of
from digest.tasks.reader_links import Bearer, bearer_of_letter, bearer_of_mail
from digest.tasks.rehearsal import rehearsal
from digest.tasks.send_letter import queue_letter
from subscribers.address_changes import waiting_address
from subscribers.addresses import parse_address
from subscribers.audit import record_change
from subscribers.errors import AddressError
from subscribers.model import Changes, Subscriber, SubscriptionState
from subscribers.profile import read_profile
from subscribers.repository import add_subscriber, change_subscriber, find_subscriber
from subscribers.request_counts import Limit, count_requests, network_of

#: So often somebody may have a link mailed; the letters of one hour that have not left yet are one.
PER_ADDRESS = Limit("settings link to address", 3, timedelta(hours=24))
PER_NETWORK = Limit("settings link from network", 30, timedelta(hours=1))


def send_account_link(desk: Desk, token_or_address: str, origin: Origin) -> None:
    """See `ReaderRequests.send_account_link`."""
    now = desk.clock()
    if not desk.newsletters:
        return
    for newsletter in desk.newsletters:
        # All of them, whoever asks: how long it takes tells nothing.
        desk.letters.write("settings", newsletter, now)
    with desk.database.write() as connection:
        bearer = bearer_of_mail(desk, connection, "settings", token_or_address)
        try:
            address = parse_address(bearer.person.email if bearer else token_or_address)
        except AddressError as problem:
            raise SignUpError(problem.address, problem.problem) from problem
        person = bearer.person if bearer else find_subscriber(connection, address.email, secret=desk.secret)
        counted = [(PER_NETWORK, network_of(origin.ip)), (PER_ADDRESS, address.email)]
        within = count_requests(connection, counted, secret=desk.secret, now=now)
        if person and within and not is_suppressed(desk, connection, person):
            newsletter = bearer.newsletter if bearer and bearer.newsletter else _newsletter(desk, connection, person)
            _queue_link(desk, connection, newsletter, person, now)
            return
        with rehearsal(connection) as made_up:
            nobody = add_subscriber(connection, made_up, secret=desk.secret, now=now)
            _queue_link(desk, connection, desk.newsletters[0], nobody, now)


def account(desk: Desk, token: str) -> Account | None:
    """See `ReaderRequests.account`."""
    with desk.database.read() as connection:
        owner = owner_of(desk, connection, token)
        return _shown(desk, connection, owner) if owner else None


def change_account(desk: Desk, token: str, changes: AccountChanges) -> Account | None:
    """See `ReaderRequests.change_account`."""
    now = desk.clock()
    names = changes.__struct_fields__
    texts = {name: value for name in names if (value := getattr(changes, name)) is not UNSET}
    read = read_profile(texts)
    with desk.database.write() as connection:
        owner = owner_of(desk, connection, token)
        if owner is None:
            return None
        new = {name: getattr(read, name) for name in texts if getattr(read, name) != getattr(owner.person, name)}
        if new:
            person = change_subscriber(connection, owner.person.id, Changes(**new), now=now)
            record_change(
                connection,
                who=READER,
                what="subscriber.set",
                subject=str(person.id),
                subscriber_id=person.id,
                detail={"fields": ", ".join(new)},
                at=now,
            )
            owner = owner._replace(person=person)
        return _shown(desk, connection, owner)


def export(desk: Desk, token: str) -> dict[str, Any] | None:
    """See `ReaderRequests.export`."""
    with desk.database.read() as connection:
        owner = owner_of(desk, connection, token)
        return export_person(connection, owner.person, secret=desk.secret, now=desk.clock()) if owner else None


def forget(desk: Desk, token: str, origin: Origin) -> bool:
    """See `ReaderRequests.forget`."""
    with desk.database.read() as connection:
        owner = owner_of(desk, connection, token)
    if owner is None:
        return False
    forget_person(desk, owner.person, who=READER, source=origin.page or "own request")
    return True


def owner_of(desk: Desk, connection: Connection, token: str) -> Bearer | None:
    """Whom a fresh link names; None for any other link, also one that was mailed to a former address of theirs."""
    bearer = bearer_of_letter(desk, connection, "account", token, desk.clock())
    if bearer is None or bearer.expired:
        return None
    mailed = frozen_recipient(connection, bearer.edition, bearer.person.id)
    return bearer if mailed is not None and mailed[0].address == bearer.person.email else None


def _shown(desk: Desk, connection: Connection, owner: Bearer) -> Account:
    person = owner.person
    return Account(
        newsletter_name=owner.newsletter.name if owner.newsletter else desk.site.name,
        address=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        title=person.title,
        salutation=person.salutation,
        new_address=waiting_address(connection, person.id),
    )


def _newsletter(desk: Desk, connection: Connection, person: Subscriber) -> Newsletter:
    """The newsletter whose letter a person gets who asked without naming one: the first that they get."""
    standings = standings_of(connection, person)
    for newsletter in desk.newsletters:
        if any(standings.get(slug) is SubscriptionState.ACTIVE for slug in newsletter.lists):
            return newsletter
    return desk.newsletters[0]


def _queue_link(desk: Desk, connection: Connection, newsletter: Newsletter, person: Subscriber, now: datetime) -> None:
    confirmed = SubscriptionState.ACTIVE in standings_of(connection, person).values()
    queue_letter(connection, desk.letters, "settings", newsletter, person, now=now, by_name=confirmed)
