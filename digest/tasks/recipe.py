"""What an edition is made with beside its articles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from digest.compose.selection import SourceRule
from digest.model.article import Article
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.tasks.fetch_pictures import Mode, PicturesReport

#: Gets the articles that are chosen and those that the edition was shown with before.
FetchPictures = Callable[[Sequence[Article], Sequence[Article]], PicturesReport]


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """Everything here is frozen into the edition.

    `images` says which sources' pictures are shown, `fetch` gets them; without it there are none.
    """

    site: Site
    newsletter: Newsletter
    rules: Mapping[str, SourceRule]
    coins: tuple[str, ...]
    currency: str
    templates: dict[str, str]
    images: Mapping[str, Mode] = {}
    fetch: FetchPictures | None = None

    def rule(self, source: str) -> SourceRule:
        """The rule for that source, the usual one where it has none."""
        return self.rules.get(source, SourceRule())
