"""Take in what came back: which delivery it is about, and what follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from digest.links import Purpose, TokenFacts, make_token, read_token
from digest.model.bounces import BouncesSettings, DeliveryMatch, Effect, MailReport, RecipientReport
from digest.model.reader import Origin
from digest.storage.bounces import (
    BouncedDelivery,
    find_delivery,
    is_recorded,
    name_effect,
    past_deliveries,
    record_bounce,
)
from digest.tasks.desk import Desk
from digest.tasks.leave import leave
from subscribers.addresses import address_key, parse_address
from subscribers.audit import record_change
from subscribers.bounces.model import Finding, MailKind, Reading
from subscribers.bounces.reading import read_mail
from subscribers.bounces.streaks import hard_in_a_row, soft_days_in_a_row
from subscribers.events import record_event
from subscribers.model import BounceClass, EventKind, SuppressionReason
from subscribers.subscriptions import unsubscribe
from subscribers.suppression import suppress_address

#: Who changes are written down under.
WHO = "bounces"
#: Where a person's consent history says that they left from.
_BY_MAIL = Origin(page="mail to the unsubscribe address")

Forward = Callable[[Reading, bytes], str]


class Match(NamedTuple):
    """`facts` of a genuine token, None where there is none; `forged` where one bears a signature that is not ours."""

    facts: TokenFacts | None
    forged: bool = False


class _DryRunError(Exception):
    """Rolls a transaction back."""


def ingest_mail(
    desk: Desk,
    settings: BouncesSettings,
    raw: bytes,
    file: str,
    *,
    forward: Forward,
    dry_run: bool = False,
) -> MailReport:
    """Read the mail in `raw` and do what follows from it; a second copy has no second effect.

    `forward` passes a person's reply on and says why it did not, or "" where it did.
    """
    reading = read_mail(raw)
    if reading.kind is MailKind.LEAVE:
        report = _leave(desk, reading, file, dry_run=dry_run)
        if report.effect is not Effect.UNMATCHED:
            return report
    if reading.kind in (MailKind.REPLY, MailKind.LEAVE):
        return _pass_on(desk, reading, raw, file, forward, dry_run=dry_run)
    return ingest_reading(desk, settings, reading, file, dry_run=dry_run)


def ingest_reading(
    desk: Desk, settings: BouncesSettings, reading: Reading, file: str, *, dry_run: bool = False
) -> MailReport:
    """Do what follows from a report or a complaint that was read, out of a mail or from a webhook."""
    match = match_tokens(desk.secret, reading)
    found: BouncedDelivery | None = None
    if match.facts is not None:
        with desk.database.read() as connection:
            found = find_delivery(connection, match.facts.handle, match.facts.edition)
    effect = Effect.NONE
    finding = _decisive(reading, found)
    if finding is not None and finding.bounce_class is not BounceClass.IGNORED:
        if found is not None:
            effect = act_upon(desk, settings, finding, found, dry_run=dry_run)
        else:
            effect = Effect.FORGED if match.forged else Effect.GONE if match.facts else Effect.UNMATCHED
    return _report(reading, file, found, effect)


def match_tokens(secret: bytes, reading: Reading) -> Match:
    """The delivery that the first genuine token of a mail names: the envelope's, the quoted Message-ID's, a link's."""
    tokens = reading.tokens
    places: tuple[tuple[Purpose, tuple[str, ...]], ...] = (
        ("bounce", tokens.bounce),
        ("message", tokens.message),
        ("unsubscribe", tokens.unsubscribe),
    )
    for purpose, candidates in places:
        for token in candidates:
            if facts := read_token(secret, purpose, token):
                return Match(facts)
    return Match(None, forged=bool(tokens.bounce or tokens.message or tokens.unsubscribe))


def _decisive(reading: Reading, found: BouncedDelivery | None) -> Finding | None:
    """The one finding that is acted upon: a message of ours has one recipient, but a server may have forwarded it."""
    ours = {found.mailed.lower(), found.email.lower()} if found else set()
    own = [each for each in reading.findings if ours & {each.address.lower(), each.original.lower()}]
    telling = [each for each in own or reading.findings if each.bounce_class is not BounceClass.IGNORED]
    return next(iter(telling or reading.findings), None)


def act_upon(
    desk: Desk, settings: BouncesSettings, finding: Finding, found: BouncedDelivery, *, dry_run: bool = False
) -> Effect:
    """Write down that a delivery came back, and do what follows; `repeated` where that was written down before."""
    now = desk.clock()
    effect = Effect.NONE
    try:
        with desk.database.write() as connection:
            digest = _digest(finding, found)
            new = record_bounce(
                connection,
                digest,
                at=now,
                bounce_class=finding.bounce_class,
                reason=finding.reason,
                status=finding.status,
                waiting=finding.waiting,
                edition=found.edition,
                subscriber=found.subscriber,
                effect=Effect.COUNTED,
            )
            effect = _consequence(desk, settings, connection, finding, found, now) if new else Effect.REPEATED
            if new:
                name_effect(connection, digest, effect)
            if dry_run:
                raise _DryRunError
    except _DryRunError:
        pass
    return effect


def _consequence(
    desk: Desk,
    settings: BouncesSettings,
    connection: Connection,
    finding: Finding,
    found: BouncedDelivery,
    now: datetime,
) -> Effect:
    if finding.waiting:
        return Effect.COUNTED
    detail = {"class": str(finding.bounce_class), "reason": str(finding.reason), "status": finding.status}
    complained = finding.bounce_class is BounceClass.COMPLAINT
    record_event(
        connection,
        EventKind.COMPLAINED if complained else EventKind.BOUNCED,
        at=now,
        subscriber_id=found.subscriber,
        edition_id=found.edition,
        detail=detail,
    )
    if complained:
        unsubscribe(
            connection,
            found.subscriber,
            source="complaint by way of the mailbox provider",
            who=WHO,
            edition_id=found.edition,
            reason="complaint",
            now=now,
        )
    reason = _suppression(settings, connection, finding, found)
    if reason is None:
        return Effect.COUNTED
    if not _is_current(desk.secret, found):
        return Effect.UNSUBSCRIBED if complained else Effect.OUTDATED
    suppress_address(
        connection,
        parse_address(found.email),
        reason=reason,
        source=f"edition {found.edition}: {finding.reason} {finding.status}".rstrip(),
        secret=desk.secret,
        now=now,
        subscriber_id=found.subscriber,
    )
    record_change(
        connection,
        who=WHO,
        what="suppression.add",
        subject=str(reason),
        at=now,
        subscriber_id=found.subscriber,
        detail=detail | {"edition": str(found.edition)},
    )
    return Effect.UNSUBSCRIBED if complained else Effect.SUPPRESSED


def _suppression(
    settings: BouncesSettings, connection: Connection, finding: Finding, found: BouncedDelivery
) -> SuppressionReason | None:
    if finding.bounce_class is BounceClass.COMPLAINT:
        return SuppressionReason.COMPLAINT
    if finding.bounce_class is BounceClass.HARD:
        past = past_deliveries(connection, found.subscriber, 2 * settings.hard_after + 10)
        return SuppressionReason.HARD_BOUNCE if hard_in_a_row(past) >= settings.hard_after else None
    if finding.bounce_class is BounceClass.SOFT:
        past = past_deliveries(connection, found.subscriber, 4 * settings.soft_days + 10)
        return SuppressionReason.SOFT_BOUNCES if soft_days_in_a_row(past) >= settings.soft_days else None
    return None


def _is_current(secret: bytes, found: BouncedDelivery) -> bool:
    """Whether the person still has the address that was mailed."""
    return not found.mailed or address_key(secret, found.mailed) == address_key(secret, found.email)


def _leave(desk: Desk, reading: Reading, file: str, *, dry_run: bool) -> MailReport:
    """Only a genuine token ends a subscription: anybody can write a From address."""
    match = match_tokens(desk.secret, reading)
    if match.facts is None:
        return _report(reading, file, None, Effect.UNMATCHED)
    handle, edition = match.facts
    with desk.database.read() as connection:
        found = find_delivery(connection, handle, edition)
    left = None
    if not dry_run:
        token = make_token(desk.secret, "unsubscribe", handle, edition)
        left = leave(desk, token, reason="", everything=False, origin=_BY_MAIL)
        if left is None:
            return _report(reading, file, found, Effect.GONE)
    effect = Effect.UNSUBSCRIBED if dry_run or (left and left.lists) else Effect.REPEATED
    return _report(reading, file, found, effect)


def _pass_on(desk: Desk, reading: Reading, raw: bytes, file: str, forward: Forward, *, dry_run: bool) -> MailReport:
    digest = hashlib.sha256(f"{reading.identity}:forwarded".encode()).hexdigest()
    with desk.database.read() as connection:
        if is_recorded(connection, digest):
            return _report(reading, file, None, Effect.REPEATED)
    if dry_run:
        return _report(reading, file, None, Effect.FORWARDED)
    if problem := forward(reading, raw):
        return _report(reading, file, None, Effect.NOT_FORWARDED, problem)
    with desk.database.write() as connection:
        record_bounce(
            connection,
            digest,
            at=desk.clock(),
            bounce_class=BounceClass.IGNORED,
            reason=str(reading.findings[0].reason),
            effect=Effect.FORWARDED,
        )
    return _report(reading, file, None, Effect.FORWARDED)


def _report(reading: Reading, file: str, found: BouncedDelivery | None, effect: Effect, note: str = "") -> MailReport:
    match = None
    if found:
        match = DeliveryMatch(
            edition=found.edition, newsletter=found.newsletter, date=found.day, subscriber=found.subscriber
        )
    recipients = tuple(
        RecipientReport(
            address=each.address,
            bounce_class=each.bounce_class,
            status=each.status,
            reason=each.reason,
            original=each.original,
            diagnostic=each.diagnostic,
            delivery=match,
        )
        for each in reading.findings
    )
    return MailReport(file=file, kind=reading.kind, recipients=recipients, effect=effect, note=note)


def _digest(finding: Finding, found: BouncedDelivery) -> str:
    """The same for all reports that say the same of one delivery, so that they have one effect."""
    text = f"{found.edition}:{found.subscriber}:{finding.bounce_class}:{finding.waiting}"
    return hashlib.sha256(text.encode()).hexdigest()
