"""What an edition is made from, before it is frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from digest.model.article import Article
from digest.model.edition import Edition, EditionContent, EditionKind
from digest.model.extras import Extras
from digest.render.compiling import compile_subject
from digest.tasks.choose_articles import Choice, ChosenArticle
from digest.tasks.fetch_pictures import PicturesReport, ShownPicture, with_pictures
from digest.tasks.recipe import Recipe

#: Who is named as the source of an article that was written by hand, and of a picture that an editor chose.
NEWSROOM = "Redaktion"
NO_PICTURES = PicturesReport()


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Content that is ready to be frozen, and the choice that its articles come from."""

    content: EditionContent
    choice: Choice


def draft_edition(
    edition: Edition,
    recipe: Recipe,
    extras: Extras,
    choice: Choice,
    pictures: PicturesReport = NO_PICTURES,
    subject_of: Callable[[EditionContent], str] = compile_subject,
) -> Draft:
    """What `edition` is made from with those articles and extras. Raises TemplateError for a subject's template."""
    zone = recipe.site.zone
    regular = edition.kind is EditionKind.REGULAR
    content = EditionContent(
        site=recipe.site,
        newsletter=recipe.newsletter,
        kind=edition.kind,
        date=edition.date,
        at=recipe.newsletter.sends_at(edition.date, zone) if regular else edition.at.astimezone(zone),
        subject="",
        articles=tuple(_pictured(choice.chosen, recipe, extras, pictures)),
        coins=recipe.coins,
        currency=recipe.currency,
        templates=recipe.templates,
        extras=_shown(extras, edition.date),
        pinned=choice.pinned,
    )
    return Draft(content=replace(content, subject=extras.subject or subject_of(content)), choice=choice)


def fetch_pictures_of(
    recipe: Recipe, extras: Extras, chosen: Iterable[ChosenArticle], earlier: Iterable[Article]
) -> PicturesReport:
    """The pictures that these articles would show; what `earlier` ones were shown with is not fetched again."""
    if recipe.fetch is None or not set(recipe.images.values()) - {"none"}:
        return NO_PICTURES
    return recipe.fetch([_picture_owner(each, extras) for each in chosen], list(earlier))


def shown_pictures(articles: Iterable[Article]) -> dict[str, ShownPicture]:
    """By address at the source, the pictures that these articles are shown with."""
    return {
        article.image_url: ShownPicture(url=article.picture, width=article.picture_width)
        for article in articles
        if article.image_url and article.picture
    }


def _pictured(
    chosen: Iterable[ChosenArticle], recipe: Recipe, extras: Extras, pictures: PicturesReport
) -> list[Article]:
    owners = [(each.article.source, _picture_owner(each, extras)) for each in chosen]
    shown = with_pictures([owner for _, owner in owners], recipe.images, pictures)
    return [replace(article, source=source) for article, (source, _) in zip(shown, owners, strict=True)]


def _picture_owner(chosen: ChosenArticle, extras: Extras) -> Article:
    """The article, under the newsroom's name where its picture is one that an editor chose."""
    override = extras.arranged.overrides.get(chosen.key)
    own = override is not None and override.image_url is not UNSET
    return replace(chosen.article, source=NEWSROOM) if own else chosen.article


def _shown(extras: Extras, day: date) -> Extras:
    """What of the extras stands beside the articles on that day."""
    running = tuple(each for each in extras.advertisements if each.runs_on(day))
    return replace(extras, articles=(), pinned=(), arrangement=UNSET, advertisements=running)
