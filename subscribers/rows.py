"""Between rows of `subscribers` and the types of the model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from subscribers.addresses import Address
from subscribers.model import Profile, Subscriber
from subscribers.tables import subscribers

#: The columns of a Subscriber, in its order.
PUBLIC_COLUMNS = tuple(subscribers.c[name] for name in Subscriber.__struct_fields__)
#: The columns of a Profile, in its order.
PROFILE_COLUMNS = tuple(subscribers.c[name] for name in Profile.__struct_fields__)

_NAMES = Subscriber.__struct_fields__


def subscriber_of(row: Sequence[Any]) -> Subscriber:
    """The person of a row of PUBLIC_COLUMNS."""
    return Subscriber(**dict(zip(_NAMES, row, strict=True)))


def profile_of(subscriber: Subscriber) -> Profile:
    """A person's own values."""
    return Profile(**{name: getattr(subscriber, name) for name in Profile.__struct_fields__})


def new_row(address: Address, key: str, handle: str, profile: Profile, now: datetime) -> dict[str, Any]:
    """The row of `subscribers` for somebody new, without its id."""
    return msgspec.structs.asdict(profile) | {
        "handle": handle,
        "email": address.email,
        "email_key": key,
        "domain": address.domain,
        "created_at": now,
        "updated_at": now,
    }
