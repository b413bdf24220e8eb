"""Tags put on a person and taken off; their case does not matter, and the first spelling stays."""

from __future__ import annotations

from collections.abc import Sequence

from subscribers.errors import WrongValueError
from subscribers.profile import ENTRIES_MAX, read_profile
from subscribers.segments.folding import fold


def with_tags(known: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """`known` and those of `more` that are new. Raises WrongValueError for a tag that is none, or too many."""
    tags = {fold(tag): tag for tag in known}
    for tag in _read(more):
        tags.setdefault(fold(tag), tag)
    if len(tags) > max(ENTRIES_MAX, len(known)):
        raise WrongValueError("tags", f"of {len(tags)} entries", f"a person has {ENTRIES_MAX} tags at most.")
    return tuple(tags.values())


def without_tags(known: Sequence[str], fewer: Sequence[str]) -> tuple[str, ...]:
    """`known` without those of `fewer`. Raises WrongValueError for a tag that is none."""
    gone = {fold(tag) for tag in _read(fewer)}
    return tuple(tag for tag in known if fold(tag) not in gone)


def _read(texts: Sequence[str]) -> tuple[str, ...]:
    tags = read_profile({"tags": ";".join(texts)}).tags
    if not tags:
        raise WrongValueError("tags", "of no entries", "name at least one tag.")
    return tags
