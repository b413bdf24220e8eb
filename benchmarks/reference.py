"""What both references write for a recipient: our values, blocks and pictures, put there in another way."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime

from benchmarks.edition import NOW, SNAPSHOT
from digest.links import Links
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent
from digest.render.inline_pictures import inline_pictures, picture_slots
from digest.render.prices import coin_blocks, edition_blocks, price_values

LINKS = Links("https://messung.example", bytes(32))
_PICTURES = inline_pictures(SNAPSHOT, 1, "news.example")


def recipient_values(recipient: Recipient, content: EditionContent, part: str) -> dict[str, str]:
    """Slot name -> value."""
    handle = recipient.handle
    return {
        **price_values(SNAPSHOT, content, text=part == "text"),
        **picture_slots(_PICTURES),
        "greeting": recipient.greeting,
        "preheader": content.articles[recipient.choice[0]].title,
        "unsubscribe_url": LINKS.unsubscribe(handle, 1),
        "settings_url": LINKS.settings(handle, 1),
        "browser_url": LINKS.browser(handle, 1),
        "address": recipient.address,
        "number": "1",
    }


def chosen_blocks(recipient: Recipient, known: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Group -> keys; `known` are the coins' rows that the template has."""
    return {
        **edition_blocks(SNAPSHOT),
        "lead": (f"lead:{recipient.choice[0]}",),
        "card": tuple(f"card:{article}" for article in recipient.choice[1:]),
        "intro": ("intro:lower",),
        "nothing": (),
        "coin": coin_blocks(SNAPSHOT, recipient.coins, known),
    }


def write_message(recipient: Recipient, content: EditionContent, text: str, html: str) -> bytes:
    """The message by the standard library, pictures attached."""
    message = EmailMessage()
    message["From"], message["To"] = content.site.sender, recipient.address
    message["Subject"], message["Date"] = recipient.subject, format_datetime(NOW)
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    body = message.get_body(("html",))
    assert isinstance(body, EmailMessage)
    for coin in recipient.coins:
        quote = SNAPSHOT.quote(coin)
        assert quote is not None
        content_id = f"<{_PICTURES[coin].url.removeprefix('cid:')}>"
        body.add_related(quote.sparkline, "image", "png", cid=content_id, disposition="inline")
    return message.as_bytes()
