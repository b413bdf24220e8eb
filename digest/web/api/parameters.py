"""What several operations take from their path, their query and the application."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from digest.app import App
from digest.web.api.shapes import MAX_ID, PAGE_MAX, SLUG_PATTERN
from subscribers.model import SubscriptionState

Product = NamedDependency[App]
SubscriberId = Annotated[int, PathParameter(ge=1, le=MAX_ID, description="The subscriber's number.")]
EditionId = Annotated[int, PathParameter(ge=1, le=MAX_ID, description="The edition's number.")]
ListSlug = Annotated[str, PathParameter(pattern=SLUG_PATTERN, max_length=64, description="The list's slug.")]
After = Annotated[int, QueryParameter(ge=0, le=MAX_ID, description="`next` of the page before.")]
Before = Annotated[int, QueryParameter(ge=1, le=MAX_ID, description="`next` of the page before.")]
Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_MAX, description="How many at most.")]
OnList = Annotated[
    str,
    QueryParameter(name="list", pattern=f"{SLUG_PATTERN}|^$", max_length=64, description="Only who stands with it."),
]
InState = Annotated[
    SubscriptionState | None, QueryParameter(name="state", description="Only who has a subscription like that.")
]
InSegment = Annotated[
    str,
    QueryParameter(
        name="segment", pattern=f"{SLUG_PATTERN}|^$", max_length=64, description="Only who is in this segment."
    ),
]
OfNewsletter = Annotated[
    str, QueryParameter(pattern=f"{SLUG_PATTERN}|^$", max_length=64, description="Only of this newsletter.")
]
