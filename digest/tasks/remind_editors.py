"""Some time before an edition is due, editors get it as readers will, with a link to where it can be changed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from digest import german
from digest.errors import DeliveryError
from digest.links import newsroom_edition_url
from digest.model.alerts import Alert, Cause
from digest.model.delivery import Message
from digest.model.edition import Edition, EditionContent, EditionState
from digest.storage import alerts as store
from digest.storage import editions
from digest.storage.database import Database
from digest.storage.editors import list_editors
from digest.tasks.find_alerts import edition_subject
from digest.tasks.notice import make_notice

_PARSER = BytesParser(_class=EmailMessage, policy=policy.SMTP)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_BOX = (
    '<div style="margin:0 auto;max-width:600px;padding:16px;border:2px solid #8a5a00;background:#fff8e6;'
    'color:#1a1a1a;font:16px/1.5 sans-serif">{}</div>'
)


def was_reminded(database: Database, number: int) -> bool:
    """Whether editors got the reminder of that edition."""
    with database.read() as connection:
        return store.was_told(connection, edition_subject(number), Cause.REMINDER)


def remind_editors(
    database: Database,
    number: int,
    previews: Callable[[Sequence[str]], list[Message]],
    also: Sequence[str],
    send: Callable[[Sequence[Message]], list[str]],
    now: datetime,
) -> bool:
    """Remind every editor, and the addresses `also`, of a prepared edition; whether there was anybody to remind.

    `previews` makes what the readers of those addresses would get, `send` says what went wrong with each message.
    Raises DeliveryError where nobody could be reached; then it is good for another try.
    """
    with database.read() as connection:
        edition = editions.get_edition(connection, number, content=True)
        addresses = list(dict.fromkeys([*(editor.email for editor in list_editors(connection)), *also]))
    if not addresses or edition.content is None:
        return False
    shown = zip(addresses, previews(addresses), strict=True)
    problems = send([_reminder(edition.content, edition, preview, to, now) for to, preview in shown])
    if "" not in problems:
        raise DeliveryError(f"The reminder of edition {number} cannot be sent: {problems[0]}")
    alert = Alert(cause=Cause.REMINDER, subject=edition_subject(number), title=edition.newsletter)
    with database.write() as connection:
        store.raise_alert(connection, alert, now)
    return True


def _reminder(content: EditionContent, edition: Edition, preview: Message, to: str, now: datetime) -> Message:
    """The notice to one of them: what is to be done, and below it the preview, both as text and as HTML."""
    site = content.site
    lines = _lines(content, edition)
    link = newsroom_edition_url(site.base_url, edition.number)
    shown = _PARSER.parsebytes(preview.data)
    said = "<br>".join(html.escape(line) for line in lines)
    box = _BOX.format(f'{said}<br><a href="{html.escape(link)}">Zur Ausgabe in der Redaktion</a>')
    for part in shown.walk():
        if part.get_content_type() == "text/plain":
            text = "\n".join([*lines, link, "", "-" * 60, "", part.get_content()])
            part.set_content(text, cte="quoted-printable")
        elif part.get_content_type() == "text/html":
            page = _BODY.sub(lambda body: body[0] + box, part.get_content(), count=1)
            part.set_content(page, subtype="html", cte="quoted-printable")
    doing = "Freigabe nötig" if edition.state is EditionState.IN_REVIEW else "Vorschau"
    return make_notice(site, to, f"{doing}: {content.newsletter.name} – {content.subject}", shown, now)


def _lines(content: EditionContent, edition: Edition) -> list[str]:
    newsletter = content.newsletter
    at = german.time_of_day(content.at.astimezone(content.site.zone))
    lines = [f"„{newsletter.name}“ vom {german.short_date(edition.date)} ist vorbereitet und um {at} fällig."]
    if edition.state is not EditionState.IN_REVIEW:
        return [*lines, "Die Ausgabe geht dann von selbst hinaus. So sieht sie aus:"]
    if newsletter.if_unapproved == "send":
        return [*lines, "Auch ohne Freigabe geht sie dann hinaus. So sieht sie aus:"]
    return [*lines, "Ohne Freigabe bis dahin wird sie zurückgehalten. So sieht sie aus:"]
