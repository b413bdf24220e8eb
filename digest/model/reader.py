"""What readers ask for on the public pages, and what they are shown; masked addresses look like "a…@leser.example"."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

Form = Literal["", "Sie", "du"]
Salutation = Literal["", "Frau", "Herr", "divers"]


class SignUp(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody put into the sign-up form. Only `email` is needed; what else cannot be used is left out."""

    email: str
    first_name: str = ""
    last_name: str = ""
    title: str = ""
    salutation: str = ""
    form: str = ""
    topics: tuple[str, ...] = ()
    coins: tuple[str, ...] = ()


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request comes from: the client's IP address, the page's URL, the consent text that the page showed."""

    ip: str = ""
    page: str = ""
    consent_text_version: str = ""


class LinkState(StrEnum):
    """What the link of a letter is good for now: `open`: one click does it; `done`: it was done, and holds;

    `expired`: too late; `gone`: what it was about is over (somebody left since, or was suppressed).
    """

    OPEN = "open"
    DONE = "done"
    EXPIRED = "expired"
    GONE = "gone"


class LeavingReason(StrEnum):
    """Why somebody leaves, as the page offers it; free text is not kept, since it may name people."""

    TOO_OFTEN = "too_often"
    NOT_INTERESTING = "not_interesting"
    NEVER_ASKED = "never_asked"
    OTHER = "other"


class ConsentText(msgspec.Struct, frozen=True, kw_only=True):
    """The exact wording that somebody agrees to, and its version, which the form sends back."""

    version: str
    text: str


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """What the link of a confirmation letter would confirm."""

    newsletter: str
    newsletter_name: str
    address: str
    state: LinkState


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is done where the subscription is active now, `newly` if this very request made it so."""

    newsletter: str
    newsletter_name: str
    state: LinkState
    newly: bool


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """What a link to leave would end. `others` names the other newsletters that this person gets."""

    newsletter: str
    newsletter_name: str
    address: str
    already_left: bool
    others: tuple[str, ...] = ()


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """The slugs of the lists that were left by this request; none where they had been left before."""

    newsletter_name: str
    lists: tuple[str, ...]


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """What the undo link of a goodbye letter would bring back, or has brought back."""

    newsletter: str
    newsletter_name: str
    address: str
    state: LinkState


class NewsletterChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One newsletter of the settings, and how this person stands with it."""

    slug: str
    name: str
    state: Literal["", "pending", "active"]


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings page shows; it names nobody, since its link may have been forwarded.

    `form` is "" and `max_articles` None where the site or the newsletter decides, `coins` is in this person's order.
    `paused_until` is the first day on which newsletters come again; `known_topics` and `known_coins` may be chosen.
    """

    newsletter_name: str
    address: str
    form: Form
    topics: tuple[str, ...]
    coins: tuple[str, ...]
    max_articles: int | None
    paused_until: date | None
    newsletters: tuple[NewsletterChoice, ...]
    known_topics: tuple[str, ...]
    known_coins: tuple[str, ...]


class PreferenceChanges(msgspec.Struct, frozen=True, kw_only=True):
    """New values; what is UNSET stays. `newsletters` holds the slugs of all that are wanted; None ends a pause."""

    form: Form | UnsetType = UNSET
    topics: tuple[str, ...] | UnsetType = UNSET
    coins: tuple[str, ...] | UnsetType = UNSET
    max_articles: int | UnsetType | None = UNSET
    paused_until: date | UnsetType | None = UNSET
    newsletters: tuple[str, ...] | UnsetType = UNSET


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What only a fresh link, mailed to the address, opens. `new_address` waits for its confirmation."""

    newsletter_name: str
    address: str
    first_name: str
    last_name: str
    title: str
    salutation: Salutation
    new_address: str = ""


class AccountChanges(msgspec.Struct, frozen=True, kw_only=True):
    """New values; what is UNSET stays."""

    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    salutation: str | UnsetType = UNSET


class AddressChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the link in the letter to a new address would change, or has changed; `address` is the new one, masked."""

    newsletter_name: str
    address: str
    state: LinkState
