"""The parameters that several operations take in their path or query."""

from __future__ import annotations

from typing import Annotated

from litestar.params import Parameter

from digest.web.api.shapes import MAX_ID, PAGE_MAX, SLUG_PATTERN
from subscribers.model import SubscriptionState

SubscriberId = Annotated[int, Parameter(ge=1, le=MAX_ID, description="The subscriber's number.")]
EditionId = Annotated[int, Parameter(ge=1, le=MAX_ID, description="The edition's number.")]
ListSlug = Annotated[str, Parameter(pattern=SLUG_PATTERN, max_length=64, description="The list's slug.")]
After = Annotated[int, Parameter(ge=0, le=MAX_ID, description="`next` of the page before.")]
Before = Annotated[int | None, Parameter(ge=1, le=MAX_ID, description="`next` of the page before.")]
Limit = Annotated[int, Parameter(ge=1, le=PAGE_MAX, description="How many at most.")]
OnList = Annotated[
    str | None,
    Parameter(query="list", pattern=SLUG_PATTERN, max_length=64, description="Only who stands with this list."),
]
InState = Annotated[
    SubscriptionState | None, Parameter(query="state", description="Only who has a subscription like that.")
]
OfNewsletter = Annotated[
    str, Parameter(pattern=f"{SLUG_PATTERN}|^$", max_length=64, description="Only of this newsletter.")
]
