"""Letters (a confirmation, a welcome, ...): editions without articles, frozen, compiled and assembled like others."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from digest.errors import NotFoundError, TemplateError
from digest.model.edition import EditionContent, EditionKind
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.render.compiling import compile_edition, compile_subject
from digest.render.letterhead import FOLDER, LETTERS, LetterName, find_letterhead
from digest.render.shell import Part, Shell, Slot


def letter_content(
    name: LetterName,
    *,
    site: Site,
    newsletter: Newsletter,
    at: datetime,
    templates: dict[str, str],
    coins: tuple[str, ...] = (),
    currency: str = "EUR",
    lifetime: timedelta | None = None,
) -> EditionContent:
    """The frozen content of the letter `name` about `newsletter`, planned for `at` (aware).

    `templates` are those of `read_templates("letters/NAME", ...)`; `coins` are named in the welcome; the letter's link
    ends `lifetime` after `at`, by default as its letterhead says. Raises NotFoundError for a letter that does not exist
    and TemplateError.
    """
    if name not in LETTERS:
        raise NotFoundError("letter", name, f"among {', '.join(LETTERS)}")
    length = lifetime or LETTERS[name].lifetime
    content = EditionContent(
        site=site,
        newsletter=replace(newsletter, template=f"{FOLDER}/{name}"),
        kind=EditionKind.LETTER,
        date=at.astimezone(site.zone).date(),
        at=at,
        subject="",
        articles=(),
        coins=coins,
        currency=currency,
        templates=templates,
        expires=at + length if LETTERS[name].purpose and length else None,
    )
    return replace(content, subject=compile_subject(content))


def compile_letter(content: EditionContent, name: LetterName) -> Shell:
    """The shell of the letter `name`. Raises TemplateError where `content` is another one or a part lacks its links."""
    letterhead = find_letterhead(content)
    look = f"{FOLDER}/{name}"
    if letterhead is None or content.newsletter.template != look:
        raise TemplateError(look, None, f"cannot be made from the content of {content.newsletter.template}")
    if letterhead.purpose and content.expires is None:
        raise TemplateError(look, None, "has a link that must end at some time; the content says none")
    shell = compile_edition(content)
    needed = sorted(slot for slot in letterhead.slots if slot.endswith("_url"))
    for parts, file in ((shell.html, "edition.mjml.j2"), (shell.text, "edition.txt.j2")):
        for part in parts.values():
            missing = [slot for slot in needed if slot not in _slots(part)]
            if missing:
                raise TemplateError(f"{look}/{file}", None, f"lacks {{{{ slot.{missing[0]} }}}}, which everybody needs")
    return shell


def _slots(part: Part) -> set[str]:
    """The slots that everybody gets: those in the part itself and in the blocks of groups that nobody chooses from."""
    everywhere = [part.pieces, *(pieces for key, pieces in part.blocks.items() if not key.startswith("intro:"))]
    return {piece.name for pieces in everywhere for piece in pieces if isinstance(piece, Slot)}
