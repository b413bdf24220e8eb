"""Treat what servers refuse in our own session as the bounces that they would otherwise send."""

from __future__ import annotations

from datetime import timedelta

from digest.model.bounces import BouncesSettings
from digest.storage.bounces import find_delivery, rejected_deliveries
from digest.tasks.desk import Desk
from digest.tasks.ingest_bounces import act_upon
from subscribers.bounces.classify import reason_of, specific_status
from subscribers.bounces.model import Finding
from subscribers.bounces.reasons import CLASSES, Reason
from subscribers.model import BounceClass

#: An edition is given up after a day; older refusals were counted then.
_DAYS = 3
_AT_ONCE = 500
#: The ledger's word for a refusal (`digest.deliver.replies.Reason`) -> what it is as a bounce.
_REASONS = {"bad_address": Reason.USER_UNKNOWN, "mailbox_full": Reason.MAILBOX_FULL}


def count_rejections(desk: Desk, settings: BouncesSettings) -> int:
    """Count the refusals of the last days against their addresses, each once; how many were new."""
    since = desk.clock().astimezone(desk.site.zone).date() - timedelta(days=_DAYS)
    counted = 0
    while True:
        with desk.database.read() as connection:
            rows = rejected_deliveries(connection, since, list(_REASONS), _AT_ONCE)
            found = [(row, find_delivery(connection, row.handle, row.edition_id)) for row in rows]
        acted = 0
        for row, delivery in found:
            if delivery is not None:
                address = delivery.mailed or delivery.email
                acted += 1
                act_upon(desk, settings, _finding(address, row.reason, row.reply), delivery)
        counted += acted
        if not acted:
            return counted


def _finding(address: str, ledger_reason: str, reply: str) -> Finding:
    otherwise = _REASONS[ledger_reason]
    reason = reason_of(reply)
    if ledger_reason != "bad_address" or CLASSES[reason] is not BounceClass.HARD:
        reason = otherwise
    return Finding(address=address, reason=reason, status=specific_status(reply, ""), diagnostic=reply)
