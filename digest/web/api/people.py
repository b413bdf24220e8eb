"""Between what the API says of people and what the lists know of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict, replace
from sqlalchemy import Connection

from digest.app import App
from digest.web.api.shapes import (
    ConsentStatement,
    NewSubscriber,
    SubscriberChanges,
    SubscriberShape,
    SubscriptionShape,
)
from subscribers.consent import stated_consent
from subscribers.errors import UnknownSubscriberError, WrongValueError
from subscribers.model import Changes, Consent, Profile, Subscriber
from subscribers.profile import PROFILE_FIELDS, read_profile
from subscribers.repository import subscribers_by_id
from subscribers.standings import standings

_SHOWN = [name for name in SubscriberShape.__struct_fields__ if name != "subscriptions"]


def existing(connection: Connection, number: int) -> Subscriber:
    """Raises UnknownSubscriberError."""
    found = subscribers_by_id(connection, [number]).get(number)
    if found is None:
        raise UnknownSubscriberError(number)
    return found


def shaped(connection: Connection, people: Sequence[Subscriber]) -> tuple[SubscriberShape, ...]:
    """People as the API shows them, each with their subscriptions."""
    lists = standings(connection, [person.id for person in people])
    return tuple(
        SubscriberShape(
            **{name: getattr(person, name) for name in _SHOWN},
            subscriptions=tuple(
                SubscriptionShape(list=each.list_slug, state=each.state, since=each.since) for each in lists[person.id]
            ),
        )
        for person in people
    )


def stated_profile(stated: NewSubscriber) -> Profile:
    """Raises WrongValueError."""
    return _profile({name: getattr(stated, name) for name in (*PROFILE_FIELDS, "attributes")})


def stated_changes(stated: SubscriberChanges) -> Changes:
    """Raises WrongValueError."""
    named = {name: value for name, value in asdict(stated).items() if value is not UNSET}
    profile = _profile(named)
    return Changes(**{name: getattr(profile, name) for name in named})


def given_consent(app: App, stated: ConsentStatement | None) -> Consent | None:
    """Raises WrongValueError for a time that cannot be, for no IP address, and for a source that says nothing."""
    if stated is None:
        return None
    texts = {
        "consent_source": stated.source,
        "consent_at": stated.at.isoformat() if stated.at else "",
        "consent_ip": stated.ip or "",
    }
    zone, store_ip = app.settings.site.zone, app.settings.privacy.store_ip
    consent = stated_consent(texts, source="", file="", now=app.clock(), zone=zone, store_ip=store_ip)
    if consent is None or not consent.source:
        raise WrongValueError("consent.source", repr(stated.source), "must say where the consent comes from.")
    return replace(consent, text=stated.text)


def _profile(values: dict[str, Any]) -> Profile:
    """Through the same reader as a CSV row or the command line: one set of rules, wherever a value comes from."""
    texts = {
        name: ";".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
        for name, value in values.items()
        if name != "attributes"
    }
    return read_profile(texts, values.get("attributes"))
