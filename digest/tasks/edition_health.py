"""Whether an edition looks like what its newsletter usually sends: enough articles, its sources alive, prices there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digest import german
from digest.gather.settings import SourceSettings
from digest.model.desk import DeskFinding, Severity
from digest.model.edition import Edition, EditionContent, EditionKind, EditionState
from digest.render.lint.editorial import check_prices
from digest.storage import editions, snapshots
from digest.storage.articles import intake
from digest.storage.database import Database
from digest.storage.source_health import SourceHealth, load_health
from digest.tasks.finding_sentences import in_german
from digest.tasks.source_changes import SourceChange, source_changes

#: An edition is thin with less than half of what the last ones had on average, if they had this many.
_COMPARED, _AVERAGE = 7, 4.0
#: A source is silent that has brought nothing new for so long, or for as long as the newsletter looks back.
_SILENT = timedelta(hours=36)
#: What came in this lately is compared with the week before, where there is this much of both.
_LATELY, _WEEK, _ENOUGH = timedelta(hours=24), timedelta(days=7), 3


def edition_health(
    database: Database, number: int, sources: Sequence[SourceSettings], now: datetime, max_age: timedelta
) -> list[DeskFinding]:
    """What is unusual about edition `number`, graver things first; nothing for one that is over.

    `sources` are those of the settings, `max_age` is how old prices may be. Raises NotFoundError.
    """
    with database.read() as connection:
        edition = editions.get_edition(connection, number, content=True)
        if edition.state in (EditionState.SENT, EditionState.CANCELLED):
            return []
        found = [*_articles(connection, edition), *_changes(connection, edition)]
        if edition.kind is EditionKind.REGULAR:
            found += _sources(connection, edition, sources, now)
        if edition.content is not None:
            found += _prices(connection, edition, edition.content, max_age, now)
    return sorted(found, key=lambda finding: list(Severity).index(finding.severity))


def _articles(connection: Connection, edition: Edition) -> Iterator[DeskFinding]:
    if edition.state is EditionState.SKIPPED:
        yield _finding(Severity.WARNING, "skipped", "Die Ausgabe wird übersprungen.")
        return
    if edition.content is None:
        yield _finding(Severity.WARNING, "not-prepared", "Die Ausgabe ist noch nicht vorbereitet.")
        return
    count = len(edition.content.articles)
    if not count:
        severity = Severity.WARNING if edition.content.newsletter.empty == "send" else Severity.ERROR
        yield _finding(severity, "no-articles", "Die Ausgabe hat keine Artikel.")
        return
    if edition.kind is not EditionKind.REGULAR:
        return
    earlier = editions.article_counts(connection, edition.newsletter, edition.number, _COMPARED)
    average = sum(earlier) / len(earlier) if earlier else 0.0
    if average >= _AVERAGE and count * 2 < average:
        only = german.plural(count, "Artikel", "Artikel")
        sentence = f"Die Ausgabe hat nur {only}; die letzten hatten im Schnitt {average:.0f}."
        yield _finding(Severity.WARNING, "few-articles", sentence)


def _changes(connection: Connection, edition: Edition) -> Iterator[DeskFinding]:
    if edition.content is None:
        return
    changes = source_changes(connection, edition.number)
    for (key, _), article in zip(
        editions.article_keys(connection, edition.number), edition.content.articles, strict=True
    ):
        for change in sorted(changes.get(key, ())):
            words = "wurde an der Quelle seither geändert"
            if change is SourceChange.WITHDRAWN:
                words = "steht bei der Quelle nicht mehr; vielleicht wurde der Artikel zurückgezogen"
            rule = "withdrawn" if change is SourceChange.WITHDRAWN else "changed-at-source"
            yield _finding(Severity.WARNING, rule, f"„{article.title}“ {words}.", article=key)


def _sources(
    connection: Connection, edition: Edition, sources: Sequence[SourceSettings], now: datetime
) -> Iterator[DeskFinding]:
    newsletter = edition.content.newsletter if edition.content else None
    wanted = newsletter.sources if newsletter else ()
    health = load_health(connection)
    silent_after = max(_SILENT, timedelta(hours=newsletter.lookback_hours) if newsletter else _SILENT)
    for source in sources:
        if wanted and source.name not in wanted:
            continue
        known = health.get(source.name)
        yield from _source(source.name, known, silent_after, now) if known else ()
        if known and known.succeeded_at:
            yield from _changed_source(connection, source.name, known.succeeded_at)


def _source(name: str, health: SourceHealth, silent_after: timedelta, now: datetime) -> Iterator[DeskFinding]:
    if health.problem:
        since = f"; zuletzt gelesen {_ago(health.succeeded_at, now)}" if health.succeeded_at else ""
        sentence = f"Die Quelle „{name}“ lässt sich nicht lesen{since}: {health.problem}"
        yield _finding(Severity.WARNING, "source-failed", sentence, place=name)
    elif health.news_at is not None and now - health.news_at > silent_after:
        sentence = f"Die Quelle „{name}“ schweigt: Ihr letzter neuer Artikel kam {_ago(health.news_at, now)}."
        yield _finding(Severity.WARNING, "source-silent", sentence, place=name)


def _changed_source(connection: Connection, name: str, read_at: datetime) -> Iterator[DeskFinding]:
    """A site that was rebuilt still gives articles, but without dates, or with next to no text."""
    lately = intake(connection, name, read_at - _LATELY, read_at)
    before = intake(connection, name, read_at - _LATELY - _WEEK, read_at - _LATELY)
    if min(lately.total, before.total) < _ENOUGH:
        return
    undated = before.dated >= 0.8 and lately.dated <= 0.3
    if undated or lately.octets * 3 < before.octets:
        lacks = "ohne Datum" if undated else "mit viel weniger Text"
        sentence = f"Die Quelle „{name}“ liefert seit gestern {lacks}; vielleicht wurde ihre Seite umgebaut."
        yield _finding(Severity.WARNING, "source-changed", sentence, place=name)


def _prices(
    connection: Connection, edition: Edition, content: EditionContent, max_age: timedelta, now: datetime
) -> Iterator[DeskFinding]:
    sent_with = editions.load_snapshot(connection, edition.number)
    snapshot = sent_with or snapshots.latest_snapshot(connection)
    at = snapshot.taken_at if sent_with and snapshot else now
    for finding in check_prices(content, snapshot, max_age, at, ""):
        yield in_german(finding, ())


def _ago(moment: datetime, now: datetime) -> str:
    hours = max(int((now - moment).total_seconds() // 3600), 0)
    return f"vor {german.plural(hours, 'Stunde', 'Stunden')}" if hours < 72 else f"vor {hours // 24} Tagen"


def _finding(severity: Severity, rule: str, sentence: str, *, article: str = "", place: str = "") -> DeskFinding:
    return DeskFinding(severity=severity, rule=rule, sentence=sentence, article=article, place=place)
