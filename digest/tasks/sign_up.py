"""Somebody asks for a newsletter. Whoever they are, they get the same answer, and we do the same work for it.

Strangers can type any address, so nothing follows for the person whose address it is, but for one letter at most.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from digest.errors import SignUpError
from digest.model.newsletter import Newsletter
from digest.model.reader import Origin, SignUp
from digest.tasks.consent_text import shown_consent_text
from digest.tasks.desk import READER, Desk
from digest.tasks.rehearsal import rehearsal
from digest.tasks.send_letter import queue_confirmation
from digest.tasks.sign_up_form import read_wish
from subscribers.addresses import Address, parse_address
from subscribers.errors import AddressError, UnknownListError
from subscribers.lists import get_list
from subscribers.model import Consent, Profile, Subscriber, SubscriptionState
from subscribers.repository import add_subscriber, find_subscriber
from subscribers.request_counts import Limit, count_requests, mailbox_of, network_of
from subscribers.subscriptions import subscribe, subscriptions_of
from subscribers.suppression import suppression_of

#: One address gets one confirmation letter in that time, whatever it is signed up for and by whom.
PER_ADDRESS = Limit("confirmation to address", 1, timedelta(hours=24))
#: One mailbox has as many addresses as somebody likes to think of (anna+1@, anna+2@).
PER_MAILBOX = Limit("confirmation to mailbox", 5, timedelta(hours=24))
PER_NETWORK = Limit("sign-up from network", 30, timedelta(hours=1))
PER_DOMAIN = Limit("sign-up at domain", 500, timedelta(hours=1))
_PAGE_MAX = 500


class _Request(NamedTuple):
    """One sign-up, read and checked."""

    newsletter: Newsletter
    list_slug: str
    profile: Profile
    consent: Consent
    now: datetime


def sign_up(desk: Desk, newsletter_slug: str, wish: SignUp, origin: Origin) -> None:
    """See `ReaderRequests.sign_up`."""
    newsletter, now = desk.newsletter(newsletter_slug), desk.clock()
    try:
        address = parse_address(wish.email)
    except AddressError as problem:
        raise SignUpError(problem.address, problem.problem) from problem
    shown = shown_consent_text(desk, newsletter, origin.consent_text_version)
    consent = Consent(
        source=origin.page[:_PAGE_MAX] or "sign-up page",
        ip=desk.ip(origin.ip),
        text=shown.text,
        proof={"consent_text_version": shown.version, "newsletter": newsletter.slug},
    )
    desk.letters.write("confirm", newsletter, now)
    with desk.database.write() as connection:
        request = _Request(newsletter, open_list(connection, newsletter), read_wish(wish), consent, now)
        if _may_be_asked(desk, connection, address, request, origin.ip):
            _ask(desk, connection, address, request)
        else:
            with rehearsal(connection) as made_up:
                _ask(desk, connection, made_up, request)


def open_list(connection: Connection, newsletter: Newsletter) -> str:
    """The list that somebody joins who asks for `newsletter`: its first that is open. Raises UnknownListError."""
    for slug in newsletter.lists:
        if get_list(connection, slug).archived_at is None:
            return slug
    raise UnknownListError(newsletter.lists[0])


def _may_be_asked(desk: Desk, connection: Connection, address: Address, request: _Request, ip: str) -> bool:
    """Whether a letter may go to `address`: nobody active, suppressed or erased, and within the limits. Counts it."""
    counted = [
        (PER_NETWORK, network_of(ip)),
        (PER_ADDRESS, address.email),
        (PER_MAILBOX, mailbox_of(address)),
        (PER_DOMAIN, address.domain),
    ]
    within = count_requests(connection, counted, secret=desk.secret, now=request.now)
    suppressed = suppression_of(connection, address, secret=desk.secret)
    person = find_subscriber(connection, address.email, secret=desk.secret)
    active = request.list_slug in _active_lists(connection, person)
    return within and suppressed is None and not active


def _ask(desk: Desk, connection: Connection, address: Address, request: _Request) -> None:
    person = find_subscriber(connection, address.email, secret=desk.secret)
    if person is None or not _active_lists(connection, person):
        # Of somebody who gets mail already, a stranger changes nothing.
        person = add_subscriber(connection, address, request.profile, secret=desk.secret, now=request.now)
    subscribe(connection, person.id, request.list_slug, request=request.consent, who=READER, now=request.now)
    queue_confirmation(connection, desk.letters, request.newsletter, person, request.list_slug, request.now)


def _active_lists(connection: Connection, person: Subscriber | None) -> set[str]:
    standings = subscriptions_of(connection, person.id) if person else []
    return {each.list_slug for each in standings if each.state is SubscriptionState.ACTIVE}
