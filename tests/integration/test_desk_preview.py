"""The preview is the message, but for its tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest

from digest.errors import NotFoundError
from digest.tasks.desk_preview import PERSONAS
from subscribers.errors import UnknownSubscriberError


@pytest.fixture
def prepared(make_app: Callable[..., Any], add_person: Any, add_articles: Any, now: Any) -> tuple[Any, int]:
    app = make_app({"at": "23:59"})
    for number in range(4):
        topic = "kultur" if number % 2 else "politik"
        add_articles(app, (f"Meldung {number}", now() - timedelta(minutes=number)), topics=(topic,))
    person = {"first_name": "Änne", "last_name": "Weber", "salutation": "Frau", "form": "Sie"}
    add_person(app, "aenne@leser.example", topics=("kultur",), max_articles=2, **person)
    app.snapshot()
    return app, app.prepare(app.newsletters()[0], app.today()).edition.number


def unfolded(raw: bytes) -> bytes:
    """A message with every token out of it: headers on one line each, the soft breaks of the body gone."""
    plain = re.sub(rb"=\r\n|\r\n[ \t]+", b"", raw)
    return re.sub(rb"(?:x|[a-z2-7]){32}(?=[^a-z2-7])", b"TOKEN", plain)


def test_it_is_the_very_message_but_for_its_tokens(prepared: Any) -> None:
    app, number = prepared
    real = app.preview(number, "aenne@leser.example").data
    shown = app.desk_previews().preview(number, address="aenne@leser.example").raw
    assert len(shown) == len(real)
    assert unfolded(shown) == unfolded(real)
    # Line by line the same length: nothing was encoded or broken in another way.
    assert [len(line) for line in shown.split(b"\r\n")] == [len(line) for line in real.split(b"\r\n")]


def test_no_token_and_no_handle_is_shown(prepared: Any) -> None:
    app, number = prepared
    preview = app.desk_previews().preview(number, address="aenne@leser.example")
    everything = "\n".join(
        (preview.html, preview.framed(), preview.text, str(preview.headers), unfolded(preview.raw).decode())
    )
    assert "x" * 32 in preview.text
    assert not re.search(r"/(?:abmelden|einstellungen|ausgabe)/(?!x{32}|TOKEN)", everything)
    assert dict(preview.headers)["Message-ID"].startswith("<" + "x" * 32)
    assert "Abmelden%20" + "x" * 32 in dict(preview.headers)["List-Unsubscribe"].replace(" ", "")


def test_every_persona(prepared: Any) -> None:
    app, number = prepared
    shown = {name: app.desk_previews().preview(number, name) for name in PERSONAS}
    greetings = {name: preview.text.splitlines()[3] for name, preview in shown.items()}
    assert "Frau Muster" in greetings["sie"]
    assert "Erika" in greetings["du"]
    assert greetings["ohne-namen"] == "Liebe Leserin, lieber Leser,"
    assert "hier ist Ihr" in shown["sie"].text
    assert "hier ist dein" in shown["du"].text
    numbers = re.findall(r"\] Meldung (\d)", shown["ein-thema"].text)
    assert numbers == ["0", "2", "1", "3"]
    coins = {
        name: [coin for coin in ("Bitcoin", "Ether", "Litecoin") if coin in each.text] for name, each in shown.items()
    }
    assert coins["eine-muenze"] == ["Bitcoin"]
    assert coins["sie"] == ["Bitcoin", "Ether", "Litecoin"]


def test_what_the_page_shows_of_it(prepared: Any) -> None:
    app, number = prepared
    preview = app.desk_previews().preview(number)
    parsed = message_from_bytes(preview.raw, policy=policy.default)
    assert preview.subject == parsed["Subject"]
    assert preview.size == len(parsed.get_body(("html",)).get_content().encode())
    assert "cid:" not in preview.html
    assert 'src="data:image/png;base64,' in preview.html
    assert not re.search(r'href="(?!#")', preview.framed())
    assert "data:image" not in preview.framed(pictures=False)


def test_what_was_sent_is_shown_as_it_was_sent(prepared: Any, now: Any) -> None:
    app, number = prepared
    app.sender().send(number, app.prices)
    now.moment += timedelta(hours=5)
    preview = app.desk_previews().preview(number, address="aenne@leser.example")
    assert "06:00:00 +0100" in dict(preview.headers)["Date"]


def test_who_does_not_exist(prepared: Any) -> None:
    app, number = prepared
    with pytest.raises(NotFoundError, match="There is no persona kaiser"):
        app.desk_previews().preview(number, "kaiser")
    with pytest.raises(UnknownSubscriberError):
        app.desk_previews().preview(number, address="niemand@leser.example")
    with pytest.raises(NotFoundError, match="There is no edition 99"):
        app.desk_previews().preview(99)
