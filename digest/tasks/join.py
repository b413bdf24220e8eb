"""One more newsletter for somebody who is known: asked for by any link, or joined at once by a fresh one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from digest.model.newsletter import Newsletter
from digest.model.reader import Origin
from digest.tasks.confirm_sign_up import is_suppressed, token_hash, welcome
from digest.tasks.consent_text import current_consent_text
from digest.tasks.desk import READER, Desk
from digest.tasks.send_letter import queue_confirmation
from digest.tasks.sign_up import PER_ADDRESS, open_list
from subscribers.model import Consent, Subscriber
from subscribers.request_counts import count_request
from subscribers.subscriptions import confirm, subscribe


def ask_to_join(
    desk: Desk, connection: Connection, newsletter: Newsletter, person: Subscriber, origin: Origin, now: datetime
) -> None:
    """Make the subscription pending and queue the letter that asks for its confirmation.

    Where the address has had such a letter today, `ask_pending` sends it when the next may go.
    """
    if is_suppressed(desk, connection, person):
        return
    slug = open_list(connection, newsletter)
    subscribe(connection, person.id, slug, request=_request(desk, newsletter, origin), who=READER, now=now)
    if count_request(connection, PER_ADDRESS, person.email, secret=desk.secret, now=now):
        queue_confirmation(connection, desk.letters, newsletter, person, slug, now)


def join(
    desk: Desk,
    connection: Connection,
    newsletter: Newsletter,
    person: Subscriber,
    origin: Origin,
    token: str,
    now: datetime,
) -> None:
    """Make the subscription active: the link was mailed to the address a moment ago, so it confirms."""
    if is_suppressed(desk, connection, person):
        return
    slug = open_list(connection, newsletter)
    request = _request(desk, newsletter, origin)
    subscribe(connection, person.id, slug, request=request, now=now)
    consent = Consent(source="link of the settings letter", ip=request.ip, proof={"token_sha256": token_hash(token)})
    if confirm(connection, person.id, slug, consent=consent, who=READER, now=now):
        welcome(desk, connection, newsletter, person, now)


def write_joining(desk: Desk, now: datetime, *, fresh: bool) -> None:
    """Write the letters that joining may need, ahead of the transaction."""
    for newsletter in desk.newsletters:
        desk.letters.write("welcome" if fresh else "confirm", newsletter, now)


def _request(desk: Desk, newsletter: Newsletter, origin: Origin) -> Consent:
    shown = current_consent_text(desk, newsletter)
    return Consent(
        source=origin.page or "settings page",
        ip=desk.ip(origin.ip),
        text=shown.text,
        proof={"consent_text_version": shown.version, "newsletter": newsletter.slug},
    )
