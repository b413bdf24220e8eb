"""A sent edition as anybody may read it: the frozen content and its prices, and nothing of any recipient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from msgspec.structs import replace

from digest import german
from digest.errors import NotFoundError
from digest.model.edition import EditionContent, EditionKind
from digest.model.extras import Extras
from digest.model.market import COIN_NAMES, Snapshot
from digest.model.newsletter import section_index
from digest.render.inline_pictures import as_data
from digest.render.prices import describe_week, direction, price_values
from digest.render.variables import DIRECTIONS, ArticleView, view_articles, view_extras
from digest.storage.archive import find_archived
from digest.storage.corrections import CorrectionNote, corrections_of
from digest.storage.database import Database
from digest.storage.editions import get_edition, load_snapshot

#: What stands under none of the newsletter's sections.
_OTHERS = "Weitere Meldungen"


class PriceChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change in percent as it is written, with its arrow and its word; `direction` is up, down, flat or none."""

    figure: str
    direction: str
    arrow: str
    word: str


class PriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One coin; `sparkline` is an address that holds the picture, or empty."""

    name: str
    price: str
    day: PriceChange
    week: PriceChange
    sparkline: str
    sparkline_alt: str


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """The prices that the edition was sent with; `since` is where they were older than usual ("von 6.10 Uhr")."""

    rows: tuple[PriceRow, ...]
    time: str
    since: str
    provider: str
    provider_url: str


class ArchivedSection(msgspec.Struct, frozen=True, kw_only=True):
    """Articles under a heading, which is empty in a newsletter without sections."""

    heading: str
    articles: tuple[ArticleView, ...]


class ArchivedEdition(msgspec.Struct, frozen=True, kw_only=True):
    """One edition, greeting nobody by name; `corrections` are those of it that were sent since."""

    kind: EditionKind
    date: date
    at: datetime
    subject: str
    newsletter: str
    greeting: str
    lead: ArticleView | None
    sections: tuple[ArchivedSection, ...]
    extras: Extras
    prices: Prices | None
    corrections: tuple[CorrectionNote, ...] = ()


def archived_editions(database: Database, newsletter: str, day: date) -> list[ArchivedEdition]:
    """What the newsletter sent that day: its regular edition, and extra ones and corrections behind it.

    Raises NotFoundError where it sent nothing.
    """
    with database.read() as connection:
        numbers = find_archived(connection, newsletter, day)
        frozen = [
            (edition.content, load_snapshot(connection, edition.number), corrections_of(connection, edition.number))
            for edition in (get_edition(connection, number, content=True) for number in numbers)
        ]
    found = [_archived(content, snapshot, notes) for content, snapshot, notes in frozen if content is not None]
    if not found:
        raise NotFoundError("sent edition", day.isoformat(), f"of newsletter {newsletter}")
    return sorted(found, key=lambda edition: edition.kind is not EditionKind.REGULAR)


def _archived(
    content: EditionContent, snapshot: Snapshot | None, corrections: Sequence[CorrectionNote]
) -> ArchivedEdition:
    views = view_articles(content)
    at = content.at.astimezone(content.site.zone)
    return ArchivedEdition(
        kind=content.kind,
        date=content.date,
        at=at,
        subject=content.subject,
        newsletter=content.newsletter.brand.name or content.newsletter.name,
        greeting=german.greeting(german.opening(at.time()), content.site.form),
        lead=views[0] if views else None,
        sections=_sections(content, views[1:]),
        extras=view_extras(content.extras),
        prices=_prices(content, snapshot) if snapshot else None,
        corrections=tuple(replace(note, sent_at=note.sent_at.astimezone(content.site.zone)) for note in corrections),
    )


def _sections(content: EditionContent, views: Sequence[ArticleView]) -> tuple[ArchivedSection, ...]:
    known = content.newsletter.sections
    if not known:
        return (ArchivedSection(heading="", articles=tuple(views)),)
    placed = [(section_index(view.article.topics, known, view.article.section or ""), view) for view in views]
    parts = [
        ArchivedSection(heading=heading, articles=tuple(view for at, view in placed if at == place))
        for place, heading in enumerate([*(section.name for section in known), _OTHERS])
    ]
    return tuple(part for part in parts if part.articles)


def _prices(content: EditionContent, snapshot: Snapshot) -> Prices | None:
    values = price_values(snapshot, content, text=False)
    rows = tuple(
        PriceRow(
            name=COIN_NAMES.get(quote.coin, quote.coin),
            price=values[f"price:{quote.coin}"],
            day=_change(values[f"change:{quote.coin}"], direction(quote.change_24h)),
            week=_change(values[f"week:{quote.coin}"], direction(quote.change_7d)),
            sparkline=as_data("image/png", quote.sparkline) if quote.sparkline and quote.series else "",
            sparkline_alt=describe_week(quote) if quote.series else "",
        )
        for quote in map(snapshot.quote, content.coins)
        if quote is not None
    )
    if not rows:
        return None
    return Prices(
        rows=rows,
        time=values["market:time"],
        since=values["market:since"] if snapshot.stale else "",
        provider=values["market:provider"],
        provider_url=values["market:provider_url"],
    )


def _change(figure: str, where_to: str) -> PriceChange:
    arrow, word = DIRECTIONS[where_to]
    return PriceChange(figure=figure, direction=where_to, arrow=arrow, word=word)
