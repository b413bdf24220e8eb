"""Which edits of a history stand, and which were taken back."""

from __future__ import annotations

from collections.abc import Sequence

from digest.model.desk import Revision, RevisionKind


def undoable(history: Sequence[Revision]) -> tuple[list[int], list[int]]:
    """The edits that stand, and those that were taken back, by number; the last of each is what undo and redo take."""
    standing: list[int] = []
    taken_back: list[int] = []
    for revision in history:
        if revision.kind is RevisionKind.EDIT:
            standing.append(revision.number)
            taken_back.clear()
        elif revision.kind is RevisionKind.UNDO:
            taken_back.append(standing.pop())
        elif revision.kind is RevisionKind.REDO:
            standing.append(taken_back.pop())
    return standing, taken_back
