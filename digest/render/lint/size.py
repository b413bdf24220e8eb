"""How large the HTML of the largest message is, as Gmail counts before it clips."""

from __future__ import annotations

import quopri
from collections.abc import Iterator

from digest.model.edition import EditionContent
from digest.render.lint.findings import Finding, Place, found
from digest.render.shell import Group, Part, Piece, Shell, Slot, Text

#: Bytes of decoded HTML.
WARN_FROM = 90 * 1024
GMAIL_CLIPS_FROM = 102 * 1024
#: Slot -> the most that its value takes in HTML; the rest are shorter than _OTHER.
_LENGTHS = {"greeting": 120, "preheader": 120, "address": 254, "unsubscribe_url": 240, "settings_url": 240, "number": 3}
_OTHER = 60
#: Groups of which a reader gets one block.
_ONE = frozenset({"intro", "nothing"})


def largest(part: Part) -> int:
    """Decoded bytes of the largest choice of blocks that a reader can get."""
    groups = part.groups()
    sizes: dict[str, int] = {}

    def size_of(pieces: tuple[Piece, ...]) -> int:
        return sum(size_of_piece(piece) for piece in pieces)

    def size_of_piece(piece: Piece) -> int:
        if isinstance(piece, Text):
            return len(quopri.decodestring(piece.encoded).replace(b"\r\n", b"\n"))
        if isinstance(piece, Slot):
            return _LENGTHS.get(piece.name, _OTHER)
        blocks = {key: sizes.setdefault(key, size_of(part.blocks[key])) for key in piece.blocks}
        return _chosen(piece, blocks)

    def _chosen(group: Group, blocks: dict[str, int]) -> int:
        if group.name in _ONE:
            return max(blocks.values(), default=0)
        if group.name == "coin":
            coins: dict[str, int] = {}
            for key, size in blocks.items():
                # A row for a day, and one for a week with or without its picture; each in one of its directions.
                coin = key.rsplit(":", 1)[0].replace(":sparkline", ":week")
                coins[coin] = max(coins.get(coin, 0), size)
            return sum(coins.values())
        if group.name == "lead":
            # One article leads; its card is then not shown. Where it is cheaper as lead, others lead too.
            cards = {key: sizes.setdefault(key, size_of(part.blocks[key])) for key in groups.get("card", ())}
            gains = [size - cards.get(f"card:{key.partition(':')[2]}", 0) for key, size in blocks.items()]
            return max(gains, default=0)
        return sum(blocks.values())

    return size_of(part.pieces)


def check_size(shell: Shell, content: EditionContent) -> Iterator[Finding]:
    """The larger of both forms of address."""
    size = max(largest(part) for part in shell.html.values())
    if size < WARN_FROM:
        return
    place = Place(f"{content.newsletter.template}/edition.mjml.j2")
    shown = f"{size / 1024:.0f} KB"
    problem = f"With {len(content.articles)} articles the HTML can have {shown}; Gmail clips it at 102 KB."
    yield found("size", place, shown, problem, level="error" if size >= GMAIL_CLIPS_FROM else "warning")
