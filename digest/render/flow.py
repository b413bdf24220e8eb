"""A shell's parts made quick to walk: what is alike for all recipients folded, the rest appended piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from digest.model.edition import EditionContent
from digest.model.market import Snapshot
from digest.model.site import Form
from digest.render.checks import NUMBERED
from digest.render.outline import Hole
from digest.render.prices import edition_blocks, price_values
from digest.render.quoted import encode_piece, plain_piece
from digest.render.shell import Group, Part, Piece, Slot, Text

#: The groups that differ from one recipient to the next.
_CHOSEN = frozenset({"lead", "card", "cards", "intro", "nothing", "coin", "market"})
#: Begins the name of a group that stands within one article ("why-card-3"); none of its blocks is shown unless chosen,
#: and then its article's key ends in REASONED. Most articles have none to show, and so stay a single piece.
WHY, REASONED = "why-", "?"
#: Begins the key of a section's heading, which stands among the cards and has no number.
HEADING = "card:section-"
#: The encoded number of an article, by its place.
NUMBERS = [encode_piece(str(number)) for number in range(1, 257)]

#: A part made quick to walk: bytes that stand, the name of a slot, or a group.
Flow = tuple[bytes | str | Group, ...]


def encode_value(value: str) -> tuple[bytes, bytes]:
    """`value` as a piece of the text part and of the HTML part."""
    if (simple := plain_piece(value)) is not None:
        return simple, simple
    plain, escaped = encode_piece(value), escape(value)
    return plain, plain if escaped == value else encode_piece(escaped)


def make_flows(
    parts: Mapping[Form, Part],
    content: EditionContent,
    snapshot: Snapshot | None,
    *,
    text: bool,
    pictures: Mapping[str, str] | None = None,
) -> dict[Form, tuple[Flow, dict[str, Flow]]]:
    """Each part with all that is alike for every recipient folded into its bytes.

    That is the prices, the `pictures` (slot -> address), and the groups that nobody chooses from. Without prices there
    is no market block for anybody.
    """
    values = (price_values(snapshot, content, text=text) if snapshot else {}) | dict(pictures or {})
    priced = edition_blocks(snapshot)
    encoded = {name: encode_value(value)[0 if text else 1] for name, value in values.items()}
    flows: dict[Form, tuple[Flow, dict[str, Flow]]] = {}
    for form, part in parts.items():
        groups = part.groups()
        whole = {name: keys for name, keys in groups.items() if name not in _CHOSEN and not name.startswith(WHY)}
        decided = whole | priced
        reasoned = part.filled(encoded, decided)
        filled = part.filled(encoded, decided | {name: () for name in groups if name.startswith(WHY)})
        blocks = {key: _flow(pieces) for key, pieces in filled.blocks.items()}
        for name in NUMBERED:
            blocks |= {key + REASONED: _flow(reasoned.blocks[key]) for key in groups.get(name, ())}
        flows[form] = _flow(filled.pieces), blocks
    return flows


def _flow(pieces: tuple[Piece, ...]) -> Flow:
    return tuple(
        piece.encoded if isinstance(piece, Text) else piece.name if isinstance(piece, Slot) else piece
        for piece in pieces
    )


def append_flow(
    flow: Flow,
    blocks: Mapping[str, Flow],
    values: dict[str, bytes | Hole],
    chosen: Mapping[str, tuple[str, ...]],
    numbers: Iterator[bytes],
    out: list[bytes | Hole],
) -> None:
    """Append the flow's bytes to `out`. Articles are numbered in the order in which they come."""
    for piece in flow:
        if isinstance(piece, bytes):
            out.append(piece)
        elif isinstance(piece, str):
            out.append(values[piece])
        else:
            numbered = piece.name in NUMBERED
            for key in chosen.get(piece.name, piece.blocks):
                if numbered and not key.startswith(HEADING):
                    values["number"] = next(numbers)
                block = blocks[key]
                if len(block) == 1 and isinstance(block[0], bytes):
                    out.append(block[0])
                else:
                    append_flow(block, blocks, values, chosen, numbers, out)
