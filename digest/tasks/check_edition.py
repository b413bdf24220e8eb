"""Check the newsletters' looks with made-up articles, the letters, and an edition as it is frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from digest.compose.selection import excerpt
from digest.errors import NotFoundError, TemplateError
from digest.gather.sample import read_samples
from digest.model.article import Article
from digest.model.edition import Edition, EditionContent, EditionKind, EditionState
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.render.letterhead import LETTERS
from digest.render.letters import letter_content
from digest.render.lint.editorial import check_edition, check_prices
from digest.render.lint.findings import Finding, Place, found, in_order
from digest.render.lint.look import check_look
from digest.storage import editions, snapshots
from digest.storage.database import Database
from digest.tasks.recipe import Recipe
from digest.tasks.source_changes import SourceChange, source_changes

_IMPRINT = "Musterverlag GmbH, Musterstraße 1, 10115 Berlin"
_RESPONSIBLE = "Erika Muster, Musterstraße 1, 10115 Berlin"


def check_newsletters(
    newsletters: Iterable[Newsletter], recipe: Callable[[Newsletter], Recipe], day: date, where: str
) -> list[Finding]:
    """What is wrong with the looks of `newsletters`, seen on made-up editions of `day`; Sie and du.

    `recipe` gives what an edition of a newsletter is made with; a TemplateError of it becomes a finding. `where` names
    the settings file. Raises SourceError where the package's own sample articles are broken.
    """
    findings: list[Finding] = []
    for newsletter in newsletters:
        about = newsletter.slug
        try:
            made_with = recipe(newsletter)
        except TemplateError as problem:
            findings += _about(about, [found("template", Place(problem.file, problem.line), "", problem.problem)])
            continue
        findings += _about(about, check_look(made_up(made_with, day)))
        if made_with.site.sample_imprint:
            what = "still the sample" if made_with.site.imprint.strip() else "empty"
            findings.append(found("site-imprint", Place(where), "site.imprint", f"The imprint is {what}."))
    return in_order(findings)


def check_letters(newsletter: Newsletter, recipe: Callable[[Newsletter], Recipe], day: date) -> list[Finding]:
    """What is wrong with the letters, as they would be written about `newsletter`; Sie and du."""
    findings: list[Finding] = []
    for name in LETTERS:
        about = f"letter {name}"
        try:
            made_with = recipe(replace(newsletter, template=f"letters/{name}"))
            content = letter_content(
                name,
                site=_with_imprint(made_with.site),
                newsletter=newsletter,
                at=newsletter.sends_at(day, made_with.site.zone),
                templates=made_with.templates,
                coins=made_with.coins,
                currency=made_with.currency,
            )
        except TemplateError as problem:
            findings += _about(about, [found("template", Place(problem.file, problem.line), "", problem.problem)])
            continue
        findings += _about(about, check_look([content]))
    return in_order(findings)


def check_frozen(
    database: Database, number: int | None, newsletter: str, now: datetime, max_age: timedelta
) -> list[Finding]:
    """What is wrong with edition `number`, with its own templates and articles; None means the newest, if there is one.

    `newsletter` (a slug, or empty for all) narrows down which is the newest; `max_age` is how old prices may be. Raises
    NotFoundError for a number that does not exist, or an edition that was not prepared.
    """
    with database.read() as connection:
        if number is None:
            newest = editions.list_editions(connection, newsletter=newsletter, limit=1)
            if not newest:
                return []
        edition = editions.get_edition(connection, newest[0].number if number is None else number, content=True)
        sent_with = editions.load_snapshot(connection, edition.number)
        over = edition.state in (EditionState.SENT, EditionState.CANCELLED)
        changes = {} if over else source_changes(connection, edition.number)
        keys = [key for key, _ in editions.article_keys(connection, edition.number)]
        snapshot = sent_with or snapshots.latest_snapshot(connection)
    content = edition.content
    if content is None:
        if number is None:
            return []
        raise NotFoundError("prepared edition", number, f"in the database; it is {edition.state}")
    where = _named(edition)
    findings = [*check_edition(content, where), *_changed(content, keys, changes, where)]
    findings += check_prices(content, snapshot, max_age, snapshot.taken_at if sent_with and snapshot else now, where)
    findings += check_look([content], where)
    return in_order(_about(where, findings))


def _changed(
    content: EditionContent, keys: Sequence[str], changes: Mapping[str, frozenset[SourceChange]], where: str
) -> Iterator[Finding]:
    """What became of the articles at their sources since they were gathered."""
    for number, (key, article) in enumerate(zip(keys, content.articles, strict=False), 1):
        place = Place(f"{where}, article {number}")
        for change in sorted(changes.get(key, ())):
            if change is SourceChange.CHANGED:
                yield found("changed-at-source", place, article.title, "Its source has other words for it by now.")
            else:
                yield found("withdrawn", place, article.title, "Its source lists older articles, and this one no more.")


def made_up(recipe: Recipe, day: date) -> list[EditionContent]:
    """Editions that show a look's every side: a full one, one with a single bare article, an empty one."""
    site, newsletter = recipe.site, recipe.newsletter
    limit = max((rule.excerpt_chars for rule in recipe.rules.values()), default=400)
    at = newsletter.sends_at(day, site.zone)
    samples = [_article(place, site, at) for place in range(newsletter.max_articles)]
    full = tuple(replace(article, lead=excerpt(article, limit)) for article in samples)
    bare = Article(title="Eine Meldung ohne alles", source="Muster")
    content = EditionContent(
        site=_with_imprint(site),
        newsletter=newsletter,
        kind=EditionKind.REGULAR,
        date=day,
        at=at,
        subject="Der Überblick am Morgen",
        articles=full,
        coins=recipe.coins,
        currency=recipe.currency,
        templates=recipe.templates,
    )
    return [content, replace(content, articles=(bare,)), replace(content, articles=())]


def _with_imprint(site: Site) -> Site:
    """Without imprint and responsible it could not be seen whether a look shows them."""
    return replace(site, imprint=site.imprint.strip() or _IMPRINT, responsible=site.responsible.strip() or _RESPONSIBLE)


def _article(place: int, site: Site, at: datetime) -> Article:
    """The sample article at that place, over again where there are not enough; now and then paid, or of a day only."""
    samples = read_samples()
    sample = samples[place % len(samples)]
    url = f"{site.base_url}/muster/{place}/{sample.slug}"
    return Article(
        title=sample.title,
        source="Muster",
        kicker=sample.kicker,
        lead=sample.lead,
        body=sample.body,
        author=sample.author,
        published=at - timedelta(hours=1 + place % 20),
        date_only=place % 4 == 3,
        url=url,
        image_url=f"{url}.jpg",
        image_credit=sample.image_credit or "Muster/Bild",
        topics=sample.topics,
        related=sample.related or ("Ein verwandter Artikel",),
        site=site.name,
        coins=sample.coins,
        paid=sample.paid or place % 5 == 4,
    )


def _named(edition: Edition) -> str:
    return f"edition {edition.number}"


def _about(about: str, findings: Iterable[Finding]) -> list[Finding]:
    return [replace(finding, about=about) for finding in findings]
