"""Tell webhooks of what happened: in the order of events, at least once, tried again for a day."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from digest.model.webhook import AttemptState, Webhook, WebhookAttempt
from digest.storage import webhooks as store
from digest.storage.database import Database
from digest.tasks.post_message import Answer, Poster
from digest.tasks.webhook_message import event_body, next_attempt, sign_message

#: No new message begins in a webhook's turn after so many seconds; the next tick goes on.
_TURN_SECONDS = 20.0
#: For so long what was delivered or given up is shown.
_KEPT = timedelta(days=30)


class WebhookReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one turn came to; `problem` says why it ended early."""

    webhook: int
    url: str
    delivered: int = 0
    failed: int = 0
    given_up: int = 0
    problem: str = ""


def deliver_webhooks(
    database: Database,
    poster: Poster,
    clock: Callable[[], datetime],
    *,
    only: int | None = None,
    dice: random.Random | None = None,
) -> list[WebhookReport]:
    """One turn for each webhook that is not disabled and does not rest; those with nothing to do are not reported.

    Every claim is committed before its message leaves: after a crash the event is sent again under the same
    webhook-id. A failure ends the webhook's turn, so that one that is down is not asked again and again.
    """
    dice = dice or random.Random()  # noqa: S311, it spreads retries
    with database.read() as connection:
        newest = store.last_event(connection)
        known = [each for each in store.list_webhooks(connection) if only in (None, each.id)]
    turns = [_Turn(database, poster, clock, dice, each) for each in known if _is_awake(each, clock())]
    reports = [turn.take(newest) for turn in turns]
    _forget_old(database, clock())
    return [report for report in reports if report.delivered or report.failed]


def send_test(database: Database, poster: Poster, number: int, now: datetime) -> Answer:
    """Send a signed message of type "test", whatever the webhook's state; nothing is kept. Raises NotFoundError."""
    with database.read() as connection:
        webhook, secret = store.get_webhook(connection, number), store.secret_of(connection, number)
    body = msgspec.json.encode({"type": "test", "timestamp": now, "data": {}})
    return poster.post(webhook.url, sign_message(secret, f"test_{secrets.token_hex(8)}", body, now), now)


class _Turn:
    """One webhook's turn of a tick."""

    def __init__(
        self, database: Database, poster: Poster, clock: Callable[[], datetime], dice: random.Random, webhook: Webhook
    ) -> None:
        self._database, self._poster, self._clock, self._dice, self._webhook = database, poster, clock, dice, webhook

    def take(self, newest: int) -> WebhookReport:
        if newest > self._webhook.cursor:
            with self._database.write() as connection:
                store.queue_events(connection, self._webhook.id, now=self._clock())
        report = WebhookReport(webhook=self._webhook.id, url=self._webhook.url)
        end = time.monotonic() + _TURN_SECONDS
        while time.monotonic() < end and not report.problem:
            attempt = self._claim()
            if attempt is None:
                break
            report = self._send(attempt, report)
        return report

    def _claim(self) -> WebhookAttempt | None:
        now = self._clock()
        with self._database.read() as connection:
            attempt = store.due_attempt(connection, self._webhook.id, now=now)
        if attempt is None:
            return None
        with self._database.write() as connection:
            won = store.claim_attempt(connection, attempt, now=now)
        return replace(attempt, attempts=attempt.attempts + 1) if won else None

    def _send(self, attempt: WebhookAttempt, report: WebhookReport) -> WebhookReport:
        """Send what was claimed and write down what became of it; `report` with that counted."""
        with self._database.read() as connection:
            telling = store.load_telling(connection, attempt.event_id)
            secret = store.secret_of(connection, self._webhook.id)
        if telling is None:
            self._settle(attempt, AttemptState.GIVEN_UP, "the event is not kept any more")
            return replace(report, failed=report.failed + 1, given_up=report.given_up + 1)
        name, now = f"evt_{attempt.event_id}", self._clock()
        answer = self._poster.post(self._webhook.url, sign_message(secret, name, event_body(telling), now), now)
        if answer.taken:
            self._settle(attempt, AttemptState.DELIVERED, "")
            return replace(report, delivered=report.delivered + 1)
        given_up = self._fail(attempt, answer)
        return replace(report, failed=report.failed + 1, given_up=report.given_up + given_up, problem=answer.problem)

    def _fail(self, attempt: WebhookAttempt, answer: Answer) -> bool:
        """Write down that it failed; whether it is given up."""
        now = self._clock()
        again = next_attempt(attempt.attempts, attempt.queued_at, now, answer.retry_after, self._dice)
        with self._database.write() as connection:
            if answer.gone:
                store.disable_webhook(connection, self._webhook.id, answer.problem, now=now)
            if answer.retry_after:
                store.rest_webhook(
                    connection, self._webhook.id, now + timedelta(seconds=min(answer.retry_after, 86_400))
                )
            if again is None:
                store.settle_attempt(connection, attempt, AttemptState.GIVEN_UP, answer.problem, now=now)
            else:
                store.defer_attempt(connection, attempt, again, answer.problem)
        return again is None

    def _settle(self, attempt: WebhookAttempt, state: AttemptState, reason: str) -> None:
        with self._database.write() as connection:
            store.settle_attempt(connection, attempt, state, reason, now=self._clock())


def _is_awake(webhook: Webhook, now: datetime) -> bool:
    return webhook.disabled_at is None and (webhook.rests_until is None or webhook.rests_until <= now)


def _forget_old(database: Database, now: datetime) -> None:
    with database.read() as connection:
        if not store.has_settled(connection, now - _KEPT):
            return
    with database.write() as connection:
        store.forget_attempts(connection, now - _KEPT)
