"""What a compiled template must hold so that assembling cannot fail for any recipient."""

from __future__ import annotations

from collections.abc import Iterator

from digest.errors import TemplateError
from digest.model.edition import EditionContent
from digest.render.shell import Group, Part, Piece, Slot

NUMBERED = ("lead", "card")


def check_parts(html: Part, text: Part, content: EditionContent) -> None:
    """Raises TemplateError, naming the file, for a part that lacks a block or has a slot where it may get no value."""
    look = content.newsletter.template
    named = ((html, f"{look}/edition.mjml.j2"), (text, f"{look}/edition.txt.j2"))
    for part, file in named:
        _check_articles(part, file, len(content.articles))
        for slot, inside in _slots(part.pieces, part, ()):
            problem = _misplaced(slot, inside)
            if problem:
                raise TemplateError(file, None, problem)
    if html.groups().get("lead", ()) != text.groups().get("lead", ()):
        raise TemplateError(
            named[1][1], None, f'fences for "lead" must stand in both parts or in neither, as in {named[0][1]}'
        )


def _check_articles(part: Part, file: str, count: int) -> None:
    groups = part.groups()
    for name in NUMBERED:
        if name == "lead" and name not in groups:
            continue
        missing = {f"{name}:{number}" for number in range(count)} - set(groups.get(name, ()))
        if missing:
            problem = f'the block {min(missing)} is missing; every article needs {{% fence "{name}", article.number %}}'
            raise TemplateError(file, None, problem)


def _slots(pieces: tuple[Piece, ...], part: Part, inside: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every slot with the keys of the blocks that it stands in, outermost first."""
    for piece in pieces:
        if isinstance(piece, Slot):
            yield piece.name, inside
        elif isinstance(piece, Group):
            for key in piece.blocks:
                yield from _slots(part.blocks[key], part, (*inside, key))


def _misplaced(slot: str, inside: tuple[str, ...]) -> str:
    kind, _, coin = slot.partition(":")
    groups = {key.partition(":")[0] for key in inside}
    if slot == "number" and not groups.intersection(NUMBERED):
        return 'slot.number has a value only inside {% fence "lead" %} or {% fence "card" %}'
    if kind == "market" and "market" not in groups:
        return f'market.{coin} has a value only inside {{% fence "market" %}}, for there may be no prices'
    if kind in ("price", "change", "week") and not any(key.startswith(f"coin:{coin}:") for key in inside):
        return f'the {kind} of {coin} has a value only inside its own {{% fence "coin", row.key %}}'
    if kind == "coin" and not any(key.startswith(f"coin:{coin.rpartition(':')[0]}:sparkline:") for key in inside):
        wanted = '{% fence "coin", row.key %} of a row in `weeks` that has one'
        return f"the sparkline of {coin.rpartition(':')[0]} has a value only inside its own {wanted}"
    return ""
