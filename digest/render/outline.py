"""What messages of the same choice have in common: long stretches of bytes, and the places of a person's own values."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple

#: A value as a piece of the text part and of the HTML part.
Encoded = tuple[bytes, bytes]


class Hole(NamedTuple):
    """The place of a person's own value: its slot, and which of its two forms."""

    slot: str
    part: int


class Outline(NamedTuple):
    """`pieces` in order, empty where a hole is; `holes` are their places."""

    pieces: list[bytes]
    holes: list[tuple[int, Hole]]

    def filled(self, values: Mapping[str, Encoded]) -> list[bytes]:
        """The pieces with `values` in the holes."""
        pieces = self.pieces.copy()
        for place, hole in self.holes:
            pieces[place] = values[hole.slot][hole.part]
        return pieces

    def joined(self) -> Outline:
        """The same with all that stands between two holes in one piece."""
        pieces: list[bytes] = []
        holes: list[tuple[int, Hole]] = []
        start = 0
        for place, hole in self.holes:
            pieces += (b"".join(self.pieces[start:place]), b"")
            holes.append((len(pieces) - 1, hole))
            start = place + 1
        pieces.append(b"".join(self.pieces[start:]))
        return Outline(pieces, holes)


def outline_of(parts: Iterable[bytes | Hole]) -> Outline:
    """An outline that has not been joined."""
    pieces: list[bytes] = []
    holes: list[tuple[int, Hole]] = []
    for place, part in enumerate(parts):
        if isinstance(part, Hole):
            holes.append((place, part))
            pieces.append(b"")
        else:
            pieces.append(part)
    return Outline(pieces, holes)


class Outlines:
    """Outlines by what they depend on. Only what comes a second time is joined and kept: joining is what costs."""

    def __init__(self, make: Callable[..., Outline], *, kept: int = 12, remembered: int = 4096) -> None:
        self._make, self._kept, self._remembered = make, kept, remembered
        self._joined: OrderedDict[Hashable, Outline] = OrderedDict()
        self._seen: OrderedDict[int, None] = OrderedDict()

    def get(self, *key: Hashable) -> Outline:
        """The outline that `make` gives for `key`."""
        known = self._joined.get(key)
        if known is not None:
            self._joined.move_to_end(key)
            return known
        outline = self._make(*key)
        seen = hash(key)
        if seen not in self._seen:
            self._seen[seen] = None
            if len(self._seen) > self._remembered:
                self._seen.popitem(last=False)
            return outline
        outline = self._joined[key] = outline.joined()
        if len(self._joined) > self._kept:
            self._joined.popitem(last=False)
        return outline
