"""Letters through the real ledger and a real Maildir: queued with the change, shared, sent, refused for a reason."""

from __future__ import annotations

import email
import email.policy
import hashlib
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from digest.app import App
from digest.links import make_token
from digest.model.edition import EditionKind, EditionState
from digest.model.newsletter import Newsletter
from digest.model.reader import Origin, SignUp
from digest.storage.editions import last_preparation, list_editions
from digest.storage.letters import letters_due
from digest.storage.tables import deliveries, editions
from digest.tasks.send_letter import queue_letter
from subscribers.consent import consent_history
from subscribers.model import Subscriber
from subscribers.repository import get_subscriber
from tests.conftest import Now

ANNA, BERT = "anna@leser.example", "bert@leser.example"


def sign_up(app: App, address: str) -> None:
    app.reader_requests().sign_up("morgen", SignUp(email=address), Origin())


def send_letters(app: App) -> dict[str, int]:
    """Send whatever letter is due; how many were submitted, and skipped for which reason."""
    with app.database.read() as connection:
        due = letters_due(connection)
    done = {"submitted": 0}
    for number in due:
        report = app.sender().send(number, app.prices)
        done["submitted"] += report.sent_now
        done |= report.skipped
    return done


def outbox(tmp_path: Path) -> list[tuple[EmailMessage, bytes]]:
    """The messages in the Maildir, by their subject and recipient."""
    raw = [file.read_bytes() for file in (tmp_path / "var/outbox/new").iterdir()]
    read = [(email.message_from_bytes(each, policy=email.policy.default), each) for each in raw]
    return sorted(read, key=lambda pair: (str(pair[0]["Subject"]), str(pair[0]["To"])))  # type: ignore[return-value]


def letter_rows(app: App) -> list[tuple[int, EditionState]]:
    with app.database.read() as connection:
        query = select(editions.c.id, editions.c.state).where(editions.c.kind == EditionKind.LETTER)
        return [(row.id, row.state) for row in connection.execute(query.order_by(editions.c.id))]


def test_a_confirmation_goes_to_somebody_who_is_on_no_list_yet(make_app: Callable[..., App], tmp_path: Path) -> None:
    app = make_app()
    sign_up(app, ANNA)
    assert send_letters(app) == {"submitted": 1}
    assert send_letters(app) == {"submitted": 0}
    [(message, raw)] = outbox(tmp_path)
    assert (message["To"], message["Subject"]) == (ANNA, "Anmeldung bestätigen: Der Morgen")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    with app.database.read() as connection:
        sent = consent_history(connection, get_subscriber(connection, ANNA, secret=app.secret).id)[-1]
    assert sent.proof["message_id"] == message["Message-ID"]
    assert sent.proof["body_sha256"] == hashlib.sha256(raw.partition(b"\r\n\r\n")[2]).hexdigest()


def test_those_who_ask_within_an_hour_share_an_edition_until_it_leaves(make_app: Callable[..., App], now: Now) -> None:
    app = make_app()
    for address in (ANNA, BERT):
        sign_up(app, address)
    assert letter_rows(app) == [(1, EditionState.APPROVED)]
    assert send_letters(app) == {"submitted": 2}
    assert letter_rows(app) == [(1, EditionState.SENT)]
    sign_up(app, "cleo@leser.example")
    now.moment += timedelta(hours=1)
    sign_up(app, "dora@leser.example")
    assert letter_rows(app)[1:] == [(2, EditionState.APPROVED), (3, EditionState.APPROVED)]
    assert send_letters(app) == {"submitted": 2}


def test_a_welcome_is_not_sent_to_somebody_who_has_left(make_app: Callable[..., App], tmp_path: Path) -> None:
    app = make_app()
    sign_up(app, ANNA)
    send_letters(app)
    with app.database.read() as connection:
        anna = get_subscriber(connection, ANNA, secret=app.secret)
        [edition] = connection.execute(select(editions.c.id)).scalars()
    expires = app.clock() + timedelta(days=14)
    app.reader_requests().confirm(app.links.letter("confirm", anna.handle, edition, expires).rpartition("/")[2])
    app.reader_requests().leave(make_token(app.secret, "unsubscribe", anna.handle, edition))
    assert send_letters(app) == {"submitted": 1, "unsubscribed": 1}
    assert [message["Subject"] for message, _ in outbox(tmp_path)] == [
        "Abmeldung bestätigt: Der Morgen",
        "Anmeldung bestätigen: Der Morgen",
    ]


def fail_after_queueing(app: App, newsletter: Newsletter, person: Subscriber) -> None:
    with app.database.write() as connection:
        queue_letter(connection, app.desk.letters, "settings", newsletter, person, now=app.clock())
        1 / 0  # noqa: B018, the change that the letter is about fails


def test_a_letter_is_queued_with_the_change_or_not_at_all(
    make_app: Callable[..., App], add_person: Callable[..., Any]
) -> None:
    app = make_app()
    anna = add_person(app, ANNA)
    [newsletter] = app.newsletters()
    with pytest.raises(ZeroDivisionError):
        fail_after_queueing(app, newsletter, anna)
    assert letter_rows(app) == []
    with app.database.write() as connection:
        first = queue_letter(connection, app.desk.letters, "settings", newsletter, anna, now=app.clock())
        again = queue_letter(connection, app.desk.letters, "settings", newsletter, anna, now=app.clock())
        other = queue_letter(
            connection, app.desk.letters, "address_changed", newsletter, anna, now=app.clock(), address=BERT
        )
    assert first == again != other
    with app.database.read() as connection:
        assert len(connection.execute(select(deliveries.c.id)).all()) == 2


def test_letters_are_no_part_of_a_newsletters_own_run(make_app: Callable[..., App], now: Now) -> None:
    app = make_app({"segment": "", "approval": "required"})
    sign_up(app, ANNA)
    with app.database.read() as connection:
        assert list_editions(connection) == []
        assert len(list_editions(connection, letters=True)) == 1
        assert last_preparation(connection, "morgen", app.today() + timedelta(days=1)) is None
    assert app.newest_edition(app.newsletters()[0]) is None
    assert send_letters(app) == {"submitted": 1}


def test_letters_need_no_prices(make_app: Callable[..., App]) -> None:
    app = make_app()
    sign_up(app, ANNA)
    send_letters(app)
    assert app.last_snapshot() is None


def test_an_operators_own_letter_and_consent_text_win(make_app: Callable[..., App], tmp_path: Path) -> None:
    own = tmp_path / "vorlagen"
    (own / "letters/confirm").mkdir(parents=True)
    (own / "letters/confirm/subject.txt.j2").write_text("Bitte bestätigen: {{ newsletter.name }}", "utf-8")
    (own / "consent").mkdir()
    (own / "consent/v2.sie.txt").write_text("Ja zu „{newsletter}“ von\n{site}.\n", "utf-8")
    app = make_app(templates={"path": str(own)})
    shown = app.reader_requests().consent_text("morgen")
    assert (shown.version, shown.text) == ("v2.sie", "Ja zu „Der Morgen“ von Probeblatt.")
    sign_up(app, ANNA)
    send_letters(app)
    assert [message["Subject"] for message, _ in outbox(tmp_path)] == ["Bitte bestätigen: Der Morgen"]
