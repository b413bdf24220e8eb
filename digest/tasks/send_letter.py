"""Letters to single persons: written once, frozen as an edition, queued in the transaction that gives rise to them.

They leave with the next `digest send`, or the scheduler's next minute, through the same ledger and backends.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection

from digest import german
from digest.links import Links
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent
from digest.model.newsletter import Newsletter
from digest.model.privacy import PrivacySettings
from digest.model.site import Site
from digest.render.assemble import Assembler
from digest.render.letterhead import LetterName, find_letterhead
from digest.render.shell import Shell
from digest.storage.letters import enter_letter, letter_edition
from subscribers.consent import record_consent
from subscribers.lists import get_list
from subscribers.model import Consent, ConsentEventKind, Subscriber
from subscribers.subscriptions import mark_asked

#: What a letter begins with whose recipient has not confirmed yet: a stated name may be somebody's advertisement.
_NEUTRAL = "Guten Tag,"
#: How many written letters are kept for the next person who needs one.
_KEPT = 32


class Letter(NamedTuple):
    """A letter as everybody gets it who asks for it within the same hour."""

    content: EditionContent
    shell: Shell
    compiled: bytes


class Letters:
    """Writes letters for one site. `templates` reads a letter's templates, `coins` are named in the welcome."""

    def __init__(
        self,
        site: Site,
        links: Links,
        privacy: PrivacySettings,
        templates: Callable[[LetterName], dict[str, str]],
        *,
        coins: tuple[str, ...] = (),
        currency: str = "EUR",
    ) -> None:
        self.site, self.links = site, links
        self._privacy, self._templates = privacy, templates
        self._coins, self._currency = coins, currency
        self._written: dict[tuple[LetterName, Newsletter, datetime], Letter] = {}
        self._writing = threading.Lock()

    def write(self, name: LetterName, newsletter: Newsletter, now: datetime) -> Letter:
        """The letter `name` about `newsletter`, planned for the hour that `now` is in. Raises TemplateError.

        Compiling takes a while: call it before a transaction that queues the letter, which then finds it written.
        """
        at = now.astimezone(self.site.zone).replace(minute=0, second=0, microsecond=0)
        key = (name, newsletter, at)
        with self._writing:
            if key not in self._written:
                if len(self._written) >= _KEPT:
                    self._written.clear()
                self._written[key] = self._write(name, newsletter, at)
            return self._written[key]

    def _write(self, name: LetterName, newsletter: Newsletter, at: datetime) -> Letter:
        from digest.render.letters import compile_letter, letter_content

        content = letter_content(
            name,
            site=self.site,
            # Whom the newsletter's editions are for and who approves them is nothing to a letter.
            newsletter=replace(newsletter, segment="", approval="auto"),
            at=at,
            templates=self._templates(name),
            coins=self._coins,
            currency=self._currency,
            lifetime=timedelta(days=self._privacy.unconfirmed_days) if name == "confirm" else None,
        )
        shell = compile_letter(content, name)
        return Letter(content, shell, shell.to_bytes())


def queue_letter(
    connection: Connection,
    letters: Letters,
    name: LetterName,
    newsletter: Newsletter,
    person: Subscriber,
    *,
    now: datetime,
    by_name: bool = True,
    address: str = "",
) -> int:
    """Queue the letter `name` to `person`; the number of its edition.

    With `by_name` False it greets nobody by a name. It goes to `address` where that is not the one on file; then it is
    an edition of its own. Raises TemplateError.
    """
    letter = letters.write(name, newsletter, now)
    number = letter_edition(connection, letter.content, letter.compiled, now, shared=not address)
    enter_letter(connection, number, person.id, _recipient(letter, person, by_name, address))
    return number


def queue_confirmation(
    connection: Connection, letters: Letters, newsletter: Newsletter, person: Subscriber, list_slug: str, now: datetime
) -> int:
    """Queue the letter that asks `person` to confirm a pending subscription; the number of its edition.

    It is written into the history of consent with the Message-ID and the SHA-256 of the message's body, which both are
    the same whenever it leaves.
    """
    letter = letters.write("confirm", newsletter, now)
    number = queue_letter(connection, letters, "confirm", newsletter, person, now=now, by_name=False)
    maker = Assembler(letter.shell, letter.content, number, None, letters.links)
    message = maker.message(_recipient(letter, person, by_name=False), now)
    body = message.data.partition(b"\r\n\r\n")[2]
    proof = {
        "letter": str(number),
        "message_id": message.message_id,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "content_sha256": letter.content.hash,
    }
    asked = get_list(connection, list_slug)
    consent = Consent(source=f"confirmation letter of {newsletter.slug}", proof=proof)
    record_consent(connection, person.id, asked.id, ConsentEventKind.CONFIRMATION_SENT, consent, now=now)
    mark_asked(connection, person.id, asked.id, now)
    return number


def letter_lists(content: EditionContent) -> tuple[str, ...]:
    """The lists that a recipient must be on: the newsletter's own for an edition and a welcome, for other letters none.

    A ledger that is given none refuses only who was erased or suppressed.
    """
    letterhead = find_letterhead(content)
    return content.newsletter.lists if letterhead is None or letterhead.on_list else ()


def _recipient(letter: Letter, person: Subscriber, by_name: bool, address: str = "") -> Recipient:
    content = letter.content
    form = person.form or content.site.form
    greeting = _NEUTRAL
    if by_name:
        greeting = german.greeting(
            german.opening(content.at.astimezone(content.site.zone).time()),
            form,
            first_name=person.first_name,
            last_name=person.last_name,
            title=person.title,
            salutation=person.salutation,
        )
    return Recipient(
        address=address or person.email,
        handle=person.handle,
        name=" ".join(filter(None, (person.first_name, person.last_name))) if by_name else "",
        form=form,
        greeting=greeting,
        subject=content.subject,
        choice=b"",
        coins=(),
    )
