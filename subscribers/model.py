"""People, lists and the states between them. Text is NFC and on one line; times are aware."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from subscribers.errors import StepError

Salutation = Literal["", "Frau", "Herr", "divers"]
Form = Literal["", "Sie", "du"]


class SubscriptionState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"

    def check_step(self, to: SubscriptionState) -> None:
        """Raise StepError unless a subscription may go from this state to `to`."""
        if to not in SUBSCRIPTION_STEPS[self]:
            raise StepError(f"A subscription that is {self} cannot become {to}.")


_S = SubscriptionState
#: Who left comes back by way of pending: it takes a new confirmation.
SUBSCRIPTION_STEPS: dict[SubscriptionState, frozenset[SubscriptionState]] = {
    _S.PENDING: frozenset({_S.ACTIVE, _S.UNSUBSCRIBED}),
    _S.ACTIVE: frozenset({_S.UNSUBSCRIBED}),
    _S.UNSUBSCRIBED: frozenset({_S.PENDING}),
}


class ConsentEventKind(StrEnum):
    """What happened between a person and a list; the history is only ever added to."""

    REQUESTED = "requested"
    CONFIRMATION_SENT = "confirmation_sent"
    CONFIRMED = "confirmed"
    ADDED = "added"
    IMPORTED = "imported"
    UNSUBSCRIBED = "unsubscribed"


class EventKind(StrEnum):
    """What happened to a person, for figures, the API and webhooks."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class BounceClass(StrEnum):
    """Whose matter it is that a message came back, and so what follows."""

    HARD = "hard"
    SOFT = "soft"
    SENDER = "sender"
    COMPLAINT = "complaint"
    IGNORED = "ignored"


class SuppressionScope(StrEnum):
    ADDRESS = "address"
    DOMAIN = "domain"


class SuppressionReason(StrEnum):
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"
    COMPLAINT = "complaint"
    REQUEST = "request"
    ADMIN = "admin"
    IMPORTED = "imported"
    ERASED = "erased"


class Refusal(StrEnum):
    """Why somebody may no longer be mailed."""

    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    PAUSED = "paused"
    ERASED = "erased"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A person's own values as somebody states them; what is empty or None is not stated."""

    first_name: str = ""
    last_name: str = ""
    title: str = ""
    salutation: Salutation = ""
    form: Form = ""
    topics: tuple[str, ...] = ()
    coins: tuple[str, ...] = ()
    max_articles: int | None = None
    tags: tuple[str, ...] = ()
    attributes: dict[str, str] = {}


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """New values for a subscriber. What is UNSET stays; an empty value empties the field."""

    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    salutation: Salutation | UnsetType = UNSET
    form: Form | UnsetType = UNSET
    topics: tuple[str, ...] | UnsetType = UNSET
    coins: tuple[str, ...] | UnsetType = UNSET
    max_articles: int | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    attributes: dict[str, str] | UnsetType = UNSET
    paused_until: datetime | UnsetType | None = UNSET


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """One person. `handle` is a random public name of 16 hex digits, which links and tokens are made of.

    An empty `form` means the site's. `topics` (small letters) and `coins` (symbols, in this person's order) are empty,
    and `max_articles` is None, where the newsletter decides. Before `paused_until` nothing but letters is sent.
    """

    id: int
    handle: str
    email: str
    first_name: str
    last_name: str
    title: str
    salutation: Salutation
    form: Form
    topics: tuple[str, ...]
    coins: tuple[str, ...]
    max_articles: int | None
    tags: tuple[str, ...]
    attributes: dict[str, str]
    created_at: datetime
    paused_until: datetime | None = None


class MailingList(msgspec.Struct, frozen=True, kw_only=True):
    """What people subscribe to. An archived list takes nobody in and is not mailed."""

    id: int
    slug: str
    name: str
    created_at: datetime
    archived_at: datetime | None = None


class ListSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A list and how many subscriptions it has in each state."""

    mailing_list: MailingList
    pending: int
    active: int
    unsubscribed: int


class ListGrowth(msgspec.Struct, frozen=True, kw_only=True):
    """How often somebody joined a list, and left it, in the last 7 and 30 days."""

    joined_7_days: int
    left_7_days: int
    joined_30_days: int
    left_30_days: int


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A condition on people, under a name."""

    id: int
    slug: str
    name: str
    expression: str
    created_at: datetime


class FormerAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address that a person had `until` then."""

    email: str
    until: datetime


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One person's standing with one list, since when."""

    subscriber_id: int
    list_slug: str
    state: SubscriptionState
    since: datetime


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody agreed to, as it is stated: where it comes from, when (None: now), from which IP address.

    `text` is the exact wording that was agreed to, `proof` whatever else shows it (such as a Message-ID, a hash).
    """

    source: str
    at: datetime | None = None
    ip: str = ""
    text: str = ""
    proof: dict[str, str] = {}


class ConsentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the history: `at` is when it happened, `recorded_at` when we wrote it down."""

    id: int
    subscriber_id: int
    list_id: int | None
    event: ConsentEventKind
    at: datetime
    recorded_at: datetime
    source: str
    text: str
    ip: str
    proof: dict[str, str]


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """An address or a domain that must not be mailed. `address` is empty for a domain and once it was erased."""

    id: int
    scope: SuppressionScope
    domain: str
    address: str
    reason: SuppressionReason
    since: datetime
    source: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a person; `edition_id` is the edition whose message led to it, where that is known."""

    id: int
    kind: EventKind
    at: datetime
    subscriber_id: int | None
    list_id: int | None
    edition_id: int | None
    detail: dict[str, str]


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change. `who` is such as "cli:anna", "key:crm", "editor:anna@news.example", "reader" or "schedule".

    `what` is a verb with its noun ("list.create", "subscriber.tag"), `subject` the slug or number of what was changed.
    """

    id: int
    at: datetime
    who: str
    what: str
    subject: str
    subscriber_id: int | None
    detail: dict[str, str]
