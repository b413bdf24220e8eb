"""A reader's new address: it takes effect once its owner has used the link that was mailed to it."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from digest.errors import SignUpError
from digest.model.reader import Account, AddressChange, LinkState, Origin
from digest.storage.deliveries import frozen_recipient
from digest.tasks.account import PER_NETWORK, account, owner_of
from digest.tasks.confirm_sign_up import token_hash
from digest.tasks.desk import READER, Desk
from digest.tasks.reader_links import Bearer, bearer_of_letter, mask_address
from digest.tasks.send_letter import queue_letter
from subscribers.address_changes import wait_for_address, waiting_address
from subscribers.addresses import Address, parse_address
from subscribers.audit import record_change
from subscribers.consent import record_consent
from subscribers.errors import AddressError, SuppressedError
from subscribers.former_addresses import change_address
from subscribers.model import Consent, ConsentEventKind
from subscribers.repository import find_subscriber
from subscribers.request_counts import Limit, count_requests, network_of
from subscribers.suppression import suppression_of

#: So many new addresses one person may name, and so many letters one address may get about it.
PER_PERSON = Limit("new address of person", 3, timedelta(hours=24))
PER_ADDRESS = Limit("new address to address", 1, timedelta(hours=24))


def request_address(desk: Desk, token: str, new_email: str, origin: Origin) -> Account | None:
    """See `ReaderRequests.change_address`."""
    now = desk.clock()
    try:
        address = parse_address(new_email)
    except AddressError as problem:
        raise SignUpError(problem.address, problem.problem) from problem
    with desk.database.read() as connection:
        owner = owner_of(desk, connection, token)
    if owner is None:
        return None
    newsletter = owner.newsletter or desk.newsletters[0]
    desk.letters.write("address", newsletter, now)
    with desk.database.write() as connection:
        counted = [
            (PER_NETWORK, network_of(origin.ip)),
            (PER_PERSON, str(owner.person.id)),
            (PER_ADDRESS, address.email),
        ]
        within = count_requests(connection, counted, secret=desk.secret, now=now)
        taken_back = connection.begin_nested()
        number = queue_letter(
            connection, desk.letters, "address", newsletter, owner.person, now=now, by_name=False, address=address.email
        )
        if within and _is_free(desk, connection, address):
            taken_back.commit()
        else:
            # The page says the same, so that nobody learns from it who is a subscriber.
            taken_back.rollback()
            number = 0
        wait_for_address(connection, owner.person.id, address.email, number, now)
        record_change(
            connection,
            who=READER,
            what="subscriber.ask-address",
            subject=str(owner.person.id),
            subscriber_id=owner.person.id,
            at=now,
        )
    return account(desk, token)


def look_at_address(desk: Desk, token: str) -> AddressChange | None:
    """See `ReaderRequests.look_at_address`."""
    with desk.database.read() as connection:
        bearer = bearer_of_letter(desk, connection, "address", token, desk.clock())
        return _change(desk, connection, bearer) if bearer else None


def confirm_address(desk: Desk, token: str, origin: Origin) -> AddressChange | None:
    """See `ReaderRequests.confirm_address`."""
    now = desk.clock()
    with desk.database.read() as connection:
        bearer = bearer_of_letter(desk, connection, "address", token, now)
    if bearer is None:
        return None
    newsletter = bearer.newsletter or desk.newsletters[0]
    desk.letters.write("address_changed", newsletter, now)
    with desk.database.write() as connection:
        change = _change(desk, connection, bearer)
        if change.state is not LinkState.OPEN:
            return change
        person = bearer.person
        address = parse_address(waiting_address(connection, person.id, bearer.edition))
        try:
            change_address(connection, person, address, who=READER, secret=desk.secret, now=now)
        except SuppressedError:  # since they asked for it
            return replace(change, state=LinkState.GONE)
        proof = {"letter": str(bearer.edition), "token_sha256": token_hash(token)}
        consent = Consent(source="link of the letter to a new address", ip=desk.ip(origin.ip), proof=proof)
        record_consent(connection, person.id, None, ConsentEventKind.CONFIRMED, consent, now=now)
        queue_letter(connection, desk.letters, "address_changed", newsletter, person, now=now, address=person.email)
        return replace(change, state=LinkState.DONE)


def _change(desk: Desk, connection: Connection, bearer: Bearer) -> AddressChange:
    """What the letter asked about: its recipient is the new address."""
    waiting = waiting_address(connection, bearer.person.id, bearer.edition)
    asked = frozen_recipient(connection, bearer.edition, bearer.person.id)
    address = waiting or (asked[0].address if asked else "")
    if waiting and bearer.expired:
        state = LinkState.EXPIRED
    elif waiting:
        state = LinkState.OPEN if _is_free(desk, connection, parse_address(waiting)) else LinkState.GONE
    else:
        state = LinkState.DONE if address == bearer.person.email else LinkState.GONE
    return AddressChange(
        newsletter_name=bearer.newsletter.name if bearer.newsletter else desk.site.name,
        address=mask_address(address),
        state=state,
    )


def _is_free(desk: Desk, connection: Connection, address: Address) -> bool:
    """Whether nobody has the address, and it may be mailed."""
    if suppression_of(connection, address, secret=desk.secret):
        return False
    return find_subscriber(connection, address.email, secret=desk.secret) is None
