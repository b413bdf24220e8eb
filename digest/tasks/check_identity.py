"""What readers and the law want to see: who publishes, under which address, and how to complain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from digest.model.bounces import BouncesSettings
from digest.model.site import SAMPLE_IMPRINT, Site
from digest.tasks.bounce_mailboxes.base import Mailbox
from digest.tasks.diagnosis import Diagnosis, error, ok, warning

#: RFC 2606: domains that nobody can have.
_NOBODYS = (".example", ".test", ".invalid", ".localhost", "example.com", "example.net", "example.org")


def check_site(site: Site, senders: dict[str, str]) -> Iterator[Diagnosis]:
    """Imprint, responsible, privacy statement, address of the pages, senders."""
    if site.sample_imprint:
        remedy = "Write your own into `site.imprint`; until then no mail leaves this machine (§ 5 DDG)."
        yield error("imprint", "The imprint is empty or still the sample.", remedy)
    else:
        yield ok("imprint", "There is an imprint.")
    if not site.responsible.strip() or SAMPLE_IMPRINT in site.responsible:
        remedy = "Write name and address into `site.responsible` (§ 18 Abs. 2 MStV)."
        yield error("imprint", "Nobody is named as responsible for the content.", remedy)
    if not site.privacy_url:
        yield error(
            "imprint", "There is no privacy statement.", "Write its address into `site.privacy_url` (Art. 13 GDPR)."
        )
    host = (urlsplit(site.base_url).hostname or "").lower()
    if not site.base_url.startswith("https://"):
        remedy = "Put a proxy with TLS before it, and write the https address into `site.base_url`."
        yield error("site", "The links in mails are not https, and they are keys to people's settings.", remedy)
    elif host.endswith(_NOBODYS):
        yield error(
            "site", f"{host} is a sample; no link in a mail would work.", "Write your own into `site.base_url`."
        )
    else:
        yield ok("site", f"Links lead to {site.base_url}.")
    for setting, address in senders.items():
        if address.lower().rpartition("@")[2].endswith(_NOBODYS):
            yield error("site", f"{address} is a sample.", f"Write your own into `{setting}`.")


def check_bounces(settings: BouncesSettings, mailbox: Mailbox | None, bounce_domain: str) -> Iterator[Diagnosis]:
    """Whether what comes back is read. Raises MailboxError, SettingsError where the mailbox cannot be."""
    if mailbox is None:
        if bounce_domain or not settings.sns_topics:
            remedy = "Set `bounces.maildir` or `bounces.imap_host`; mailing dead addresses ruins the sender's name."
            yield warning("bounces", "Nothing reads what comes back.", remedy)
        else:
            yield ok("bounces", "Amazon SES tells what comes back.")
        return
    try:
        waits = next(iter(mailbox.waiting()), None) is not None
    finally:
        mailbox.close()
    yield ok("bounces", f"{mailbox.where()} can be read; {'something' if waits else 'nothing'} waits in it.")


def check_alerts(told: Sequence[str]) -> Iterator[Diagnosis]:
    """`told` are the ways by which somebody is told when an edition does not go out."""
    if told:
        yield ok("alerts", f"An edition that does not go out is told by {', '.join(told)}.")
    else:
        remedy = "Set `alerts.mail_to`, `alerts.webhook_url` or `alerts.heartbeat_url`."
        yield warning("alerts", "Nobody is told when an edition does not go out.", remedy)
