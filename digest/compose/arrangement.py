"""An edition's articles as an editor left them: which, in which order, in which words."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from digest.model.arrangement import Arrangement, Override
from digest.model.article import Article
from digest.model.newsletter import MOST_ARTICLES


def arrange(
    automatic: Sequence[str], arrangement: Arrangement, pinned: Collection[str], limit: int | None = None
) -> tuple[list[str], int]:
    """The keys of an edition's articles in their order, and how many of the first are pinned.

    What an editor placed or pinned is in, whatever the limits; of `automatic`, which are chosen by rule, as many follow
    as `limit` leaves room for. What was dropped is out, and its place stays empty.
    """
    dropped = set(arrangement.dropped)
    placed = [key for key in arrangement.order if key not in dropped]
    by_hand = [each.key for each in arrangement.written if each.key not in dropped]
    chosen = dict.fromkeys([*placed, *by_hand, *(key for key in automatic if key in pinned and key not in dropped)])
    others = [key for key in automatic if key not in dropped and key not in chosen]
    if limit is not None:
        others = others[: max(limit - len(dropped) - len(chosen), 0)]
    keys = [*chosen, *others]
    first = [key for key in keys if key in pinned]
    return [*first, *(key for key in keys if key not in pinned)][:MOST_ARTICLES], len(first)


def reword(article: Article, override: Override | None) -> Article:
    """The article in an editor's words; an empty `image_url` takes its picture away."""
    if override is None:
        return article
    values = {name: getattr(override, name) for name in override.fields}
    if "image_url" in values:
        values["image_url"] = values["image_url"] or None
        values.setdefault("picture_alt", "")
        values.setdefault("image_credit", "")
    return replace(article, **values)


def origin_hash(article: Article) -> str:
    """What tells one version of an article at its source from another: its title, kicker, lead and body."""
    told = [article.source, article.title, article.kicker, article.lead, article.body]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def names_of(key: str, article: Article) -> tuple[str, ...]:
    """Everything that a pin may name the article by."""
    return tuple(filter(None, (key, article.url, article.title)))


def is_outdated(override: Override | None, origin: str) -> bool:
    """Whether an editor's words were written for another version of the article than `origin`."""
    return override is not None and override.basis is not UNSET and bool(override.basis) and override.basis != origin
