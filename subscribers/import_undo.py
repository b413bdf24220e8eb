"""An import taken back: whom it added goes, whom it changed is as before, but for what happened to them since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from subscribers.import_log import get_import, note_undone
from subscribers.import_undo_store import Changed, Kept, Plan, carry_out, lift_imported, load_changed

#: People in one transaction.
BATCH = 2_000

Begin = Callable[[], AbstractContextManager[Connection]]
#: Those of some people's ids who have a history of another kind, such as messages that were sent to them.
InUse = Callable[[Connection, Sequence[int]], Collection[int]]


class UndoReport(msgspec.Struct, frozen=True, kw_only=True):
    """What taking an import back did.

    `removed` people were added by it and are gone; `ended` subscriptions of others are as before; `restored` got their
    own values back; `lifted` suppressions are gone. `kept` counts people by a value of Kept. `undone_before` is when
    that was done already; then nothing was done now.
    """

    import_id: int
    removed: int = 0
    ended: int = 0
    restored: int = 0
    lifted: int = 0
    kept: dict[str, int] = {}
    undone_before: datetime | None = None


def plan_person(person: Changed, at: datetime, *, mailed: bool) -> Plan:
    """Decide about one person whom an import changed at the time `at`."""
    moved = person.state_before is not None and person.since != at
    changed = person.updated_at != at
    state = None if moved else person.state_before
    kept = Kept.OWN_STEP if moved else None
    if person.created:
        kept = kept or (
            Kept.MAILED if mailed else Kept.OTHER_LISTS if person.lists else Kept.CHANGED if changed else None
        )
        return Plan(remove=kept is None, state=state, kept=kept)
    if person.before is None:
        return Plan(state=state, kept=kept)
    return Plan(state=state, restore=not changed, kept=kept or (Kept.CHANGED if changed else None))


def undo_import(
    begin: Begin,
    import_id: int,
    *,
    in_use: InUse,
    who: str,
    now: datetime,
    progress: Callable[[int], None] | None = None,
) -> UndoReport:
    """Take an import back, BATCH people to a transaction; after an abort, call it again.

    Whom the import added is deleted, unless they were mailed, changed, or joined another list since. A subscription
    that it made ends, and one that it made active waits again, unless the person has confirmed or left since. Values
    that it changed are the old ones, unless they were changed again. Suppressions that it added are lifted. The history
    of consent stays, and says so. Raises UnknownImportError.
    """
    with begin() as conn:
        undone = get_import(conn, import_id)
    if undone.undone_at is not None:
        return UndoReport(import_id=import_id, undone_before=undone.undone_at)
    counts: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    while True:
        with begin() as conn:
            people = load_changed(conn, undone, limit=BATCH)
            if not people:
                counts["lifted"] = lift_imported(conn, import_id)
                note_undone(conn, undone, counts, who=who, now=now)
                break
            mailed = in_use(conn, [person.id for person in people])
            plans = [(person, plan_person(person, undone.at, mailed=person.id in mailed)) for person in people]
            carry_out(conn, undone, plans, now)
        for _, plan in plans:
            counts["removed"] += plan.remove
            counts["ended"] += plan.state is not None and not plan.remove
            counts["restored"] += plan.restore
            if plan.kept:
                kept[plan.kept] += 1
        if progress:
            progress(sum(counts.values()))
    return UndoReport(
        import_id=import_id,
        removed=counts["removed"],
        ended=counts["ended"],
        restored=counts["restored"],
        lifted=counts["lifted"],
        kept=dict(kept),
    )
