"""The mailbox that the settings name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from digest.errors import SettingsError
from digest.model.bounces import BouncesSettings
from digest.tasks.bounce_mailboxes.base import Mailbox


def open_mailbox(settings: BouncesSettings, environ: Mapping[str, str], where: str) -> Mailbox:
    """Nothing is connected to before it is read. Raises SettingsError; `where` names the settings file."""
    if settings.maildir:
        from digest.tasks.bounce_mailboxes.maildir import MaildirMailbox

        return MaildirMailbox(Path(settings.maildir))
    if not settings.imap_host:
        raise SettingsError("bounces", "names no mailbox; set `maildir`, or `imap_host` and what goes with it", where)
    password = environ.get(settings.imap_password_env, "")
    if not password:
        raise SettingsError(
            "bounces.imap_password_env", f"the variable {settings.imap_password_env} is not set, or is empty", where
        )
    from digest.tasks.bounce_mailboxes.imap import ImapMailbox

    return ImapMailbox(settings, password)
