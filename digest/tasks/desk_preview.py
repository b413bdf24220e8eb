"""The message of an edition as the newsroom looks at it: that of a persona, or of any subscriber.

It is the very message, byte by byte, but for its tokens: in their place stand as many letters x, so that nobody who
looks over an editor's shoulder can unsubscribe somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from digest.compose.personal import Composer
from digest.errors import NotFoundError
from digest.links import Links, masked_token
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent, EditionKind
from digest.model.market import Snapshot
from digest.render.assemble import Assembler
from digest.render.framed import rendered_for_frame
from digest.render.inline_pictures import as_data, html_with_pictures
from digest.storage import deliveries, editions
from digest.storage.database import Database
from digest.tasks.plan_recipients import compose_recipients, find_repeats
from digest.tasks.preview_message import load_prepared
from subscribers.model import Form, Subscriber
from subscribers.repository import get_subscriber


class Persona(msgspec.Struct, frozen=True, kw_only=True):
    """A reader who is made up; `label` is German. `topics` and `coins` are how many of the edition's own they chose,
    None for all of them."""

    label: str
    form: Form = ""
    named: bool = True
    topics: int | None = 0
    coins: int | None = 0


#: By the word that the page's address has for it.
PERSONAS = {
    "sie": Persona(label="Leserin, per Sie", form="Sie"),
    "du": Persona(label="Leser, per du", form="du"),
    "ohne-namen": Persona(label="Ohne Namen", named=False),
    "alle-themen": Persona(label="Mit allen Themen", topics=None),
    "ein-thema": Persona(label="Mit einem Thema", topics=1),
    "eine-muenze": Persona(label="Mit einer Münze", coins=1),
}
_FIRST, _LAST = "Erika", "Muster"
_PICTURE_NAME = re.compile(r"[0-9a-f]{64}\.jpg")


class MessagePreview(msgspec.Struct, frozen=True, kw_only=True):
    """`raw` is the message; `html` its page by itself, pictures in it as data, `size` the bytes that Gmail counts.

    `headers` are decoded, in their order; `label` says whose message it is.
    """

    label: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    size: int
    raw: bytes

    def framed(self, *, pictures: bool = True) -> str:
        """The page for a sandboxed frame; its links lead nowhere."""
        return rendered_for_frame(self.html, pictures=pictures)


class DeskPreviews:
    """`prices` gives the snapshot to show, `pictures` is the folder of those that the site serves itself."""

    def __init__(
        self,
        database: Database,
        base_url: str,
        secret: bytes,
        prices: Callable[[], Snapshot | None],
        pictures: Path,
        clock: Callable[[], datetime],
        bounce_domain: str = "",
    ) -> None:
        self._database, self._secret, self._prices, self._clock = database, secret, prices, clock
        self._pictures, self._bounce_domain = pictures, bounce_domain
        # Neither the secret nor a real handle goes in: nothing that is shown could be used, even unmasked.
        self._links = Links(base_url, bytes(32), token=masked_token)

    def preview(self, number: int, persona: str = "sie", *, address: str = "") -> MessagePreview:
        """The message of edition `number` for a persona of PERSONAS, or for the subscriber with that address.

        Once sending has begun, a subscriber's is made from what was frozen. Raises NotFoundError for an edition that is
        not prepared and for a persona that does not exist, UnknownSubscriberError.
        """
        if not address and persona not in PERSONAS:
            raise NotFoundError("persona", persona, f"among {', '.join(PERSONAS)}")
        with self._database.read() as connection:
            content, shell = load_prepared(connection, number)
            snapshot = editions.load_snapshot(connection, number)
        snapshot = snapshot or (self._prices() if content.kind is not EditionKind.LETTER else None)
        dated = self._clock()
        if address:
            with self._database.read() as connection:
                recipient, claimed = self._subscriber(connection, number, content, address, snapshot)
            dated, label = claimed or dated, recipient.address
        else:
            recipient = Composer(content, snapshot).compose(_made_up(PERSONAS[persona], content))
            label = PERSONAS[persona].label
        inert = msgspec.structs.replace(recipient, handle="0" * 16)
        assembler = Assembler(shell, content, number, snapshot, self._links, self._bounce_domain)
        return self._shown(label, assembler.message(inert, dated.astimezone(content.site.zone)).data)

    def _subscriber(
        self, connection: Connection, number: int, content: EditionContent, address: str, snapshot: Snapshot | None
    ) -> tuple[Recipient, datetime | None]:
        person = get_subscriber(connection, address, secret=self._secret)
        frozen = deliveries.frozen_recipient(connection, number, person.id)
        if frozen:
            return frozen
        repeats = find_repeats(connection, number, content)
        [(_, recipient)] = compose_recipients(connection, content, [person], snapshot, repeats)
        return recipient, None

    def _shown(self, label: str, raw: bytes) -> MessagePreview:
        parsed = message_from_bytes(raw, policy=policy.default)
        return MessagePreview(
            label=label,
            subject=str(parsed["Subject"]),
            headers=tuple((name, str(value)) for name, value in parsed.items()),
            text=_content(parsed, "plain"),
            html=self._with_hosted(html_with_pictures(parsed)),
            size=len(_content(parsed, "html").encode()),
            raw=raw,
        )

    def _with_hosted(self, html: str) -> str:
        """`html` with the pictures in it that the site will serve: it need not be reachable yet."""
        address = self._links.picture_url("")

        def kept(found: re.Match[str]) -> str:
            file = self._pictures / found[1]
            return as_data("image/jpeg", file.read_bytes()) if file.is_file() else found[0]

        return re.sub(f"{re.escape(address)}({_PICTURE_NAME.pattern})", kept, html)


def _content(parsed: EmailMessage, kind: str) -> str:
    body = parsed.get_body((kind,))
    content: str = body.get_content() if body is not None else ""
    return content


def _made_up(persona: Persona, content: EditionContent) -> Subscriber:
    topics = tuple(dict.fromkeys(topic for article in content.articles for topic in article.topics))
    return Subscriber(
        id=0,
        handle="",
        email="erika.muster@leser.example",
        first_name=_FIRST if persona.named else "",
        last_name=_LAST if persona.named else "",
        title="",
        salutation="Frau" if persona.named else "",
        form=persona.form,
        topics=topics[: persona.topics],
        coins=content.coins[: persona.coins],
        max_articles=None,
        tags=(),
        attributes={},
        created_at=datetime.fromtimestamp(0, UTC),
    )
