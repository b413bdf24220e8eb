"""Articles that we wrote ourselves, so that the first run needs no network: invented, and marked as samples."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

import msgspec

from digest.errors import SourceError
from digest.gather.base import Context
from digest.gather.settings import SourceSettings
from digest.model.article import Article
from digest.model.newsletter import read_time

#: Where the articles claim to be from; nobody can own a name under .example (RFC 2606).
SITE = "Beispiel-Nachrichten (Muster)"
BASE_URL = "https://beispiel.example"


class Sample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of samples/articles.json. `day_before_at` is the time of day, on the day before the edition's."""

    group: str
    day_before_at: str
    slug: str
    title: str
    lead: str
    body: tuple[str, ...]
    author: str
    kicker: str = ""
    image_credit: str = ""
    topics: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    coins: tuple[str, ...] = ()
    paid: bool = False


class SampleSource:
    """Type "sample": the articles of the group that the source is named after, or all where no group is."""

    def __init__(self, settings: SourceSettings) -> None:
        self.settings = settings

    def articles(self, context: Context) -> Iterable[Article]:
        """Newest first; dated on the evening before the edition's day, so that they are news at any hour of it."""
        samples = read_samples()
        name = self.settings.name.casefold()
        chosen = [sample for sample in samples if sample.group == name] or list(samples)
        dated = [_article(sample, self.settings.name, context) for sample in chosen]
        return sorted(dated, key=lambda article: article.published or context.now, reverse=True)


@cache
def read_samples() -> tuple[Sample, ...]:
    """All sample articles, in the file's order. Raises SourceError where the file is broken."""
    content = files("digest").joinpath("samples", "articles.json").read_bytes()
    try:
        return msgspec.json.decode(content, type=tuple[Sample, ...])
    except msgspec.MsgspecError as broken:
        raise SourceError("sample", f"samples/articles.json: {broken}") from broken


def _article(sample: Sample, source: str, context: Context) -> Article:
    published = datetime.combine(context.day - timedelta(days=1), read_time(sample.day_before_at), context.zone)
    return Article(
        title=sample.title,
        source=source,
        kicker=sample.kicker,
        lead=sample.lead,
        body=sample.body,
        author=sample.author,
        published=published,
        url=f"{BASE_URL}/{context.day:%Y/%m/%d}/{sample.slug}",
        image_credit=sample.image_credit,
        topics=sample.topics,
        related=sample.related,
        site=SITE,
        coins=sample.coins,
        paid=sample.paid,
    )
