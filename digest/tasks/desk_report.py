"""The check report beside an edition: what must be mended before it goes out, and what somebody should know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digest.gather.link_check import LinkAnswer, LinkState
from digest.model.desk import DeskFinding, Severity
from digest.model.edition import CHANGED, Edition, EditionContent, EditionState
from digest.render.lint.size import largest
from digest.render.shell import Shell
from digest.render.weblinks import web_link
from digest.storage import editions
from digest.storage.database import Database
from digest.tasks.check_edition import check_frozen
from digest.tasks.diagnosis import Level
from digest.tasks.dns_check import Sending, check_dns
from digest.tasks.dns_lookup import Lookup
from digest.tasks.fetch_pictures import is_default_alt
from digest.tasks.finding_sentences import in_german

CheckLinks = Callable[[Iterable[str]], Mapping[str, LinkAnswer]]
Further = Callable[[], Iterable[DeskFinding]]
_SHOWN = ("SPF", "DKIM", "DMARC")
_DNS_WORDS = {
    Level.OK: (Severity.NOTE, "{about} ist in Ordnung."),
    Level.UNKNOWN: (Severity.NOTE, "{about} ließ sich gerade nicht prüfen."),
    Level.WARNING: (Severity.WARNING, "{about} ist nicht so, wie es sein sollte: {said}"),
    Level.ERROR: (Severity.WARNING, "{about} ist nicht in Ordnung, Postfächer können die Ausgabe ablehnen: {said}"),
}
_DEAD = "„{title}“ verweist auf eine Seite, die es nicht gibt: {url}"
_MOVED = "Der Link zu „{title}“ leitet weiter nach {detail}"
_UNKNOWN = "Der Link zu „{title}“ antwortet gerade nicht: {url}"


def desk_report(
    database: Database,
    number: int,
    now: datetime,
    max_age: timedelta,
    check_links: CheckLinks | None = None,
    further: Sequence[Further] = (),
) -> list[DeskFinding]:
    """Everything about edition `number`, graver things first.

    Without `check_links` no link is asked for; `further` are checks of other parts, such as those of the DNS. Raises
    NotFoundError for an edition that is not prepared.
    """
    checked = check_frozen(database, number, "", now, max_age)
    with database.read() as connection:
        edition = editions.get_edition(connection, number, content=True)
        keys = [key for key, _ in editions.article_keys(connection, number)]
        size = _size(connection, number)
    found = [in_german(finding, keys) for finding in checked]
    found += _approval(edition)
    if edition.content is not None:
        found += _alt_texts(edition.content, keys)
        if check_links is not None:
            found += _links(edition.content, keys, check_links)
    found.append(size)
    for check in further:
        found += check()
    return sorted(found, key=lambda finding: list(Severity).index(finding.severity))


def _approval(edition: Edition) -> Iterator[DeskFinding]:
    if edition.state is EditionState.IN_REVIEW and edition.reason == CHANGED:
        sentence = "Die Ausgabe wurde seit der Freigabe geändert und braucht eine neue."
        yield DeskFinding(severity=Severity.WARNING, rule="changed-since-approval", sentence=sentence)


def _size(connection: Connection, number: int) -> DeskFinding:
    shell = Shell.from_bytes(editions.load_shell(connection, number))
    kilobytes = max(largest(part) for part in shell.html.values()) / 1024
    sentence = f"Die längste Nachricht hat {kilobytes:.0f} KB, wie Gmail zählt; ab 102 KB wird sie abgeschnitten."
    return DeskFinding(severity=Severity.NOTE, rule="gmail-size", sentence=sentence)


def _alt_texts(content: EditionContent, keys: Sequence[str]) -> Iterator[DeskFinding]:
    for key, article in zip(keys, content.articles, strict=True):
        if article.picture and is_default_alt(article):
            sentence = f"Das Bild zu „{article.title}“ hat keinen eigenen Alternativtext."
            yield DeskFinding(severity=Severity.WARNING, rule="missing-alt", sentence=sentence, article=key)


def _links(content: EditionContent, keys: Sequence[str], check_links: CheckLinks) -> Iterator[DeskFinding]:
    named = [(article.url, article.title, key) for key, article in zip(keys, content.articles, strict=True)]
    named += [(each.url, each.what, "") for each in content.extras.dates]
    named += [(each.url, each.title, "") for each in content.extras.advertisements]
    links = [(link, title, key) for url, title, key in named if (link := web_link(url))]
    answers = check_links(link for link, _, _ in links)
    for link, title, key in links:
        answer = answers[link]
        if answer.state is LinkState.GOOD:
            continue
        severity, words = {
            LinkState.DEAD: (Severity.ERROR, _DEAD),
            LinkState.MOVED: (Severity.NOTE, _MOVED),
            LinkState.UNKNOWN: (Severity.WARNING, _UNKNOWN),
        }[answer.state]
        sentence = words.format(title=title, url=link, detail=answer.detail)
        yield DeskFinding(severity=severity, rule=f"{answer.state}-link", sentence=sentence, article=key, place=link)


def dns_findings(sending: Sending, lookup: Lookup) -> list[DeskFinding]:
    """SPF, DKIM and DMARC, one sentence each: what is in order is a note, so that it is seen to have been looked at."""
    found: dict[str, DeskFinding] = {}
    for diagnosis in check_dns(sending, lookup):
        severity, words = _DNS_WORDS[diagnosis.level]
        known = found.get(diagnosis.about)
        if diagnosis.about in _SHOWN and (known is None or known.severity is Severity.NOTE):
            sentence = words.format(about=diagnosis.about, said=diagnosis.sentence)
            found[diagnosis.about] = DeskFinding(severity=severity, rule=diagnosis.about.lower(), sentence=sentence)
    return list(found.values())
