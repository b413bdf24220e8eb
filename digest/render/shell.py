"""A compiled edition: blocks and slots as ready-encoded bytes.

A part (HTML or text, in one form of address) is a list of pieces. A piece is bytes that stand as they are, a slot that
takes one value, or a group: the place where some of the blocks of that name go, in an order chosen per recipient.
Blocks are pieces again. A shell is stored with its edition, so that sending needs neither Jinja nor MJML.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from digest.model.site import Form


class Slot(msgspec.Struct, frozen=True, tag="slot", array_like=True):
    """A place for one value. `name` such as "greeting", or "price:BTC" for an edition slot."""

    name: str


class Group(msgspec.Struct, frozen=True, tag="group", array_like=True):
    """A place for blocks. `blocks` are the keys ("card:3") that may go here, in the template's order."""

    name: str
    blocks: tuple[str, ...]


class Text(msgspec.Struct, frozen=True, tag="text", array_like=True):
    """What stands as it is, in its transfer encoding."""

    encoded: bytes


Piece = Text | Slot | Group


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One body part in one form of address."""

    pieces: tuple[Piece, ...]
    blocks: dict[str, tuple[Piece, ...]]

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Every group's name and the keys of its blocks, wherever in the part it stands."""
        found: dict[str, tuple[str, ...]] = {}
        for pieces in (self.pieces, *self.blocks.values()):
            for piece in pieces:
                if isinstance(piece, Group):
                    found[piece.name] = found.get(piece.name, ()) + piece.blocks
        return found

    def slots(self) -> set[str]:
        """The name of every slot, wherever in the part it stands."""
        every = (self.pieces, *self.blocks.values())
        return {piece.name for pieces in every for piece in pieces if isinstance(piece, Slot)}

    def filled(self, values: Mapping[str, bytes], chosen: Mapping[str, tuple[str, ...]]) -> Part:
        """The same part with some slots filled (name -> encoded piece) and some groups decided (name -> keys).

        What is decided for a whole edition is folded into the bytes once, so that a recipient costs less.
        """
        blocks = {key: self._fold(pieces, values, chosen) for key, pieces in self.blocks.items()}
        folded = Part(pieces=self.pieces, blocks=blocks)
        return Part(pieces=folded._fold(self.pieces, values, chosen), blocks=blocks)

    def _fold(
        self, pieces: tuple[Piece, ...], values: Mapping[str, bytes], chosen: Mapping[str, tuple[str, ...]]
    ) -> tuple[Piece, ...]:
        folded: list[Piece] = []

        def add(piece: Piece) -> None:
            if isinstance(piece, Text) and folded and isinstance(folded[-1], Text):
                folded[-1] = Text(folded[-1].encoded + piece.encoded)
            else:
                folded.append(piece)

        for piece in pieces:
            if isinstance(piece, Slot) and piece.name in values:
                add(Text(values[piece.name]))
            elif isinstance(piece, Group) and piece.name in chosen:
                for key in chosen[piece.name]:
                    for inner in self._fold(self.blocks[key], values, chosen):
                        add(inner)
            else:
                add(piece)
        return tuple(folded)


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """Both parts in both forms of address. `content_hash` names the frozen content that it was compiled from."""

    content_hash: str
    html: dict[Form, Part]
    text: dict[Form, Part]

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @staticmethod
    def from_bytes(stored: bytes) -> Shell:
        """Raises msgspec.ValidationError for what is no shell."""
        return msgspec.msgpack.decode(stored, type=Shell)
