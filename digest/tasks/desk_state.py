"""Reading what lies on the edition desk: the edition's articles with their flags, and the pool beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digest.compose.sections import section_of
from digest.gather.dedupe import article_key
from digest.model.article import Article
from digest.model.desk import DeskArticle, DeskState, Pool, PoolArticle
from digest.model.edition import Edition, EditionKind, EditionState
from digest.model.extras import Extras
from digest.storage import editions, revisions
from digest.storage.articles import PoolVersion, list_articles, pool_versions
from digest.tasks.prepare_edition import NO_ARTICLES
from digest.tasks.source_changes import SourceChange, source_changes
from digest.tasks.undoing import undoable

_CLOSED = {
    EditionState.SENDING: "Ausgabe {number} wird gerade versandt und lässt sich nicht mehr ändern.",
    EditionState.PAUSED: "Der Versand von Ausgabe {number} hat begonnen; sie lässt sich nicht mehr ändern.",
    EditionState.SENT: "Ausgabe {number} ist versandt. Fehler berichtigt eine Korrektur-Ausgabe.",
    EditionState.CANCELLED: "Ausgabe {number} ist abgesagt.",
}
#: How far back the pool goes beside an edition, and how far when somebody searches.
_RECENT, _SEARCHED = timedelta(days=3), timedelta(days=30)


def why_closed(edition: Edition) -> str:
    """Why the edition cannot be changed, in German; "" where it can."""
    if edition.state is EditionState.SKIPPED and edition.reason != NO_ARTICLES:
        return f"Ausgabe {edition.number} ist ausgelassen. Bereiten Sie sie wieder vor, um sie zu ändern."
    if edition.content is None and edition.kind is EditionKind.REGULAR and edition.state is EditionState.GATHERING:
        return f"Ausgabe {edition.number} ist noch nicht vorbereitet."
    return _CLOSED.get(edition.state, "").format(number=edition.number)


def read_state(connection: Connection, number: int) -> DeskState:
    """How edition `number` stands. Raises NotFoundError."""
    edition = editions.get_edition(connection, number, content=True)
    extras = editions.load_extras(connection, number)
    content = edition.content
    history = revisions.list_revisions(connection, number)
    standing, taken_back = undoable(history)
    return DeskState(
        edition=edition,
        revision=history[-1].number if history else 0,
        articles=tuple(_articles(connection, edition, extras)),
        pinned=content.pinned if content else 0,
        extras=extras,
        sections=tuple(section.name for section in content.newsletter.sections) if content else (),
        can_undo=bool(standing),
        can_redo=bool(taken_back),
        closed=why_closed(edition),
    )


def read_pool(
    connection: Connection,
    edition: Edition,
    sources: Sequence[str],
    now: datetime,
    *,
    words: str = "",
    source: str = "",
    topic: str = "",
    limit: int = 60,
) -> Pool:
    """The articles of `sources` of the last days, or with `words` those of the last month that have them all."""
    arranged = editions.load_extras(connection, edition.number).arranged
    own = {key for key, _ in editions.article_keys(connection, edition.number)}
    carried = editions.carried_articles(connection, edition.newsletter, edition.number)
    wanted = words.casefold().split()
    since = now - (_SEARCHED if wanted else _RECENT)
    found: dict[str, PoolArticle] = {}
    topics: dict[str, None] = {}
    for stored in list_articles(connection, sources=list(sources), since=since):
        article = stored.article
        if article.published is None and stored.first_seen < since:
            continue
        topics |= dict.fromkeys(article.topics)
        if stored.key in found or not _matches(article, wanted, source, topic):
            continue
        found[stored.key] = PoolArticle(
            key=stored.key,
            article=article,
            first_seen=stored.first_seen,
            in_edition=stored.key in own,
            dropped=stored.key in arranged.dropped,
            carried=stored.key in carried,
        )
    return Pool(
        articles=tuple(found.values())[:limit],
        total=len(found),
        sources=tuple(sources),
        topics=tuple(sorted(topics)),
    )


def _articles(connection: Connection, edition: Edition, extras: Extras) -> list[DeskArticle]:
    content = edition.content
    if content is None:
        return []
    keys = [key for key, _ in editions.article_keys(connection, edition.number)]
    arranged = extras.arranged
    written = {article_key(article): article for article in extras.articles}
    written |= {each.key: each.article for each in arranged.written}
    versions = pool_versions(connection, keys)
    changes = source_changes(connection, edition.number)
    sections = [*(section.name for section in content.newsletter.sections), ""]
    found = []
    for number, (key, article) in enumerate(zip(keys, content.articles, strict=True)):
        override = arranged.overrides.get(key)
        changed = changes.get(key, frozenset())
        found.append(
            DeskArticle(
                key=key,
                number=number,
                article=article,
                original=_original(key, article, written, versions),
                pinned=number < content.pinned,
                written=key in written,
                section=sections[section_of(content, number)],
                edited=override.fields if override else (),
                changed_at_source=SourceChange.CHANGED in changed,
                withdrawn=SourceChange.WITHDRAWN in changed,
            )
        )
    return found


def _original(
    key: str, shown: Article, written: Mapping[str, Article], versions: Mapping[str, Sequence[PoolVersion]]
) -> Article:
    if key in written:
        return written[key]
    copies = [version.article for version in versions.get(key, ())]
    return next((copy for copy in copies if copy.source == shown.source), copies[0] if copies else shown)


def _matches(article: Article, words: Sequence[str], source: str, topic: str) -> bool:
    if (source and article.source != source) or (topic and topic not in article.topics):
        return False
    text = " ".join((article.title, article.kicker, article.lead, article.author, *article.body)).casefold()
    return all(word in text for word in words)
