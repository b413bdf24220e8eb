"""What the API takes and gives, as JSON. An unknown field is refused, and what stands here is all that ever leaves.

The rules that a schema can say stand here (a breach is a 400); what takes knowledge of the field is a 422 or a 409.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionKind, EditionState
from subscribers.model import EventKind, Form, Salutation, SubscriptionState, SuppressionReason, SuppressionScope
from subscribers.profile import ATTRIBUTE_MAX, ENTRIES_MAX, ENTRY_MAX, NAME_MAX

#: The largest number that every reader of JSON takes as it is (RFC 8259, 6).
MAX_ID = 2**53 - 1
PAGE_MAX = 1000
SLUG_PATTERN = "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
_NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*$"
_NO_DIVIDER = r"^[^;\x00-\x1f\x7f-\x9f]*$"

Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
Slug = Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=64, examples=["morgen"])]
Email = Annotated[
    str, Meta(min_length=3, max_length=320, examples=["anna@example.org"], extra_json_schema={"format": "email"})
]
Name = Annotated[str, Meta(max_length=NAME_MAX, pattern=_NO_CONTROLS)]
Line = Annotated[str, Meta(max_length=500, pattern=_NO_CONTROLS)]
Entry = Annotated[str, Meta(min_length=1, max_length=ENTRY_MAX, pattern=_NO_DIVIDER)]
Entries = Annotated[tuple[Entry, ...], Meta(max_length=ENTRIES_MAX)]
Coins = Annotated[
    tuple[Annotated[str, Meta(pattern="^[A-Za-z0-9]{1,12}$")], ...],
    Meta(max_length=ENTRIES_MAX, examples=[["BTC", "ETH"]]),
]
MaxArticles = Annotated[int, Meta(ge=1, le=999)]
Attributes = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=ENTRY_MAX, pattern=_NO_CONTROLS)],
        Annotated[str, Meta(max_length=ATTRIBUTE_MAX, pattern=_NO_CONTROLS)],
    ],
    Meta(max_length=ENTRIES_MAX),
]
Moment = Annotated[datetime, Meta(tz=True)]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One JSON object."""


class FieldProblem(Shape, frozen=True, kw_only=True):
    """What is wrong at one place of a request."""

    at: str
    problem: str


class Problem(Shape, frozen=True, kw_only=True):
    """An error (RFC 9457). `type` is "about:blank" where the status says it all."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()


class ConsentStatement(Shape, frozen=True, kw_only=True):
    """What somebody agreed to: where and when (left out: now), from which IP address, in which words.

    The IP address is kept only where the site is set to keep such.
    """

    source: Annotated[str, Meta(min_length=1, max_length=500, pattern=_NO_CONTROLS, examples=["Kassenformular 2026"])]
    at: Moment | None = None
    ip: Annotated[str, Meta(max_length=45)] | None = None
    text: Annotated[str, Meta(max_length=10_000, pattern=r"^[^\x00]*$")] = ""


class NewSubscriber(Shape, frozen=True, kw_only=True):
    """A person to add, or to add to what is known of them: a stated value replaces, tags and attributes are added to.

    With `consent` they are active on `lists`, without it pending until they confirm; who left is pending in any case.
    """

    email: Email
    first_name: Name = ""
    last_name: Name = ""
    title: Name = ""
    salutation: Salutation = ""
    form: Form = ""
    topics: Entries = ()
    coins: Coins = ()
    max_articles: MaxArticles | None = None
    tags: Entries = ()
    attributes: Attributes = {}
    lists: Annotated[tuple[Slug, ...], Meta(max_length=ENTRIES_MAX)] = ()
    consent: ConsentStatement | None = None


class SubscriberChanges(Shape, frozen=True, kw_only=True):
    """New values. What is left out stays, an empty value empties the field, `attributes` are replaced as a whole."""

    first_name: Name | UnsetType = UNSET
    last_name: Name | UnsetType = UNSET
    title: Name | UnsetType = UNSET
    salutation: Salutation | UnsetType = UNSET
    form: Form | UnsetType = UNSET
    topics: Entries | UnsetType = UNSET
    coins: Coins | UnsetType = UNSET
    max_articles: MaxArticles | UnsetType | None = UNSET
    tags: Entries | UnsetType = UNSET
    attributes: Attributes | UnsetType = UNSET


class AddressQuestion(Shape, frozen=True, kw_only=True):
    """An address in a body: in a URL it would end up in logs."""

    email: Email


class SubscriptionWish(Shape, frozen=True, kw_only=True):
    """How somebody comes onto a list: with a consent they gave, or pending until they confirm."""

    consent: ConsentStatement | None = None


class SubscriptionShape(Shape, frozen=True, kw_only=True):
    """One person's standing with one list, since when."""

    list: Slug
    state: SubscriptionState
    since: datetime


class SubscriberShape(Shape, frozen=True, kw_only=True):
    """One person. An empty `form` is the site's; without topics, coins or `max_articles` the newsletter decides.

    Before `paused_until` nothing but letters is sent.
    """

    id: Id
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
    paused_until: datetime | None
    created_at: datetime
    subscriptions: tuple[SubscriptionShape, ...]


class SubscriberPage(Shape, frozen=True, kw_only=True):
    """Ask again with `after` = `next`, until that is null."""

    items: tuple[SubscriberShape, ...]
    next: Id | None


class SubscriptionCounts(Shape, frozen=True, kw_only=True):
    """How many people stand how with a list."""

    pending: int
    active: int
    unsubscribed: int


class ListShape(Shape, frozen=True, kw_only=True):
    """A list; an archived one takes nobody in and is not mailed."""

    slug: Slug
    name: str
    created_at: datetime
    archived_at: datetime | None
    subscriptions: SubscriptionCounts


class ListPage(Shape, frozen=True, kw_only=True):
    """All lists, by slug."""

    items: tuple[ListShape, ...]


class NewList(Shape, frozen=True, kw_only=True):
    """A list to make; without a name it is called by its slug."""

    slug: Slug
    name: Name = ""


class ListChanges(Shape, frozen=True, kw_only=True):
    """A new name, or whether the list is archived."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_MAX, pattern=_NO_CONTROLS)] | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class NewSuppression(Shape, frozen=True, kw_only=True):
    """An address or a whole domain that must not be mailed any more; exactly one of them."""

    address: Email | None = None
    domain: Annotated[str, Meta(min_length=1, max_length=255, pattern=_NO_CONTROLS)] | None = None
    source: Line = ""


class SuppressionShape(Shape, frozen=True, kw_only=True):
    """`address` is null for a domain, and once the person was erased; `domain` is null for an address."""

    id: Id
    scope: SuppressionScope
    address: str | None
    domain: str | None
    reason: SuppressionReason
    since: datetime
    source: str


class SuppressionPage(Shape, frozen=True, kw_only=True):
    """Ask again with `after` = `next`, until that is null."""

    items: tuple[SuppressionShape, ...]
    next: Id | None


class EditionShape(Shape, frozen=True, kw_only=True):
    """One edition; `at` is when it is due."""

    id: Id
    newsletter: str
    kind: EditionKind
    date: date
    at: datetime
    state: EditionState
    reason: str
    prepared_at: datetime | None
    sent_at: datetime | None


class EditionPage(Shape, frozen=True, kw_only=True):
    """The newest first. Ask again with `before` = `next`, until that is null."""

    items: tuple[EditionShape, ...]
    next: Id | None


class EditionArticle(Shape, frozen=True, kw_only=True):
    """An article of an edition."""

    title: str
    url: str
    source: str


class DeliveryCount(Shape, frozen=True, kw_only=True):
    """How many messages of an edition stand so. Submitted is what a server took over; nobody knows what was read."""

    state: DeliveryState
    reason: str
    count: int


class EditionDetail(EditionShape, frozen=True, kw_only=True):
    """One edition with what is in it and what has become of its messages."""

    subject: str
    articles: tuple[EditionArticle, ...]
    deliveries: tuple[DeliveryCount, ...]


class EventShape(Shape, frozen=True, kw_only=True):
    """What happened to a person; `list` is null where it is about none, or the list is gone."""

    id: Id
    kind: EventKind
    at: datetime
    subscriber_id: int | None
    list: str | None
    edition: int | None
    detail: dict[str, Any]


class EventPage(Shape, frozen=True, kw_only=True):
    """In the order in which they were written down. `next` is where to go on, also when nothing more is there yet."""

    items: tuple[EventShape, ...]
    next: int
