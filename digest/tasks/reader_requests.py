"""What the public pages can ask for: one verb per method. A method that begins with `look` changes nothing.

A token is what stands at the end of a link in a mail. One that is not genuine, was made for something else or names
somebody who is gone gives None: a page then says that the link is not valid. Nothing here tells whether an address is
known: `sign_up` and `send_account_link` answer alike for all of them.
"""

from __future__ import annotations

from typing import Any

from digest.model.reader import (
    Account,
    AccountChanges,
    AddressChange,
    Confirmation,
    Confirmed,
    ConsentText,
    Leaving,
    Left,
    Origin,
    PreferenceChanges,
    Preferences,
    SignUp,
    Undoing,
)
from digest.tasks.desk import Desk

_NOWHERE = Origin()


class ReaderRequests:
    """Made by `App.reader_requests`; may be kept and used from several threads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def consent_text(self, newsletter_slug: str) -> ConsentText:
        """What the sign-up page of that newsletter must show; its version goes into `Origin`. Raises NotFoundError."""
        from digest.tasks.consent_text import current_consent_text

        return current_consent_text(self._desk, self._desk.newsletter(newsletter_slug))

    def sign_up(self, newsletter_slug: str, wish: SignUp, origin: Origin) -> None:
        """Ask for a subscription; a confirmation letter is queued where one may be sent.

        The same answer for every address. Raises SignUpError for a text that is no address, and NotFoundError for an
        unknown newsletter.
        """
        from digest.tasks.sign_up import sign_up

        sign_up(self._desk, newsletter_slug, wish, origin)

    def look_at_confirmation(self, token: str) -> Confirmation | None:
        """What the link of a confirmation letter would confirm, and whether it still can."""
        from digest.tasks.confirm_sign_up import look_at_confirmation

        return look_at_confirmation(self._desk, token)

    def confirm(self, token: str, origin: Origin = _NOWHERE) -> Confirmed | None:
        """Make the subscription active; a welcome letter and the newest edition are queued. Twice changes nothing."""
        from digest.tasks.confirm_sign_up import confirm_sign_up

        return confirm_sign_up(self._desk, token, origin)

    def look_at_leaving(self, token: str) -> Leaving | None:
        """What a link to leave would end."""
        from digest.tasks.leave import look_at_leaving

        return look_at_leaving(self._desk, token)

    def leave(
        self, token: str, *, reason: str = "", everything: bool = False, origin: Origin = _NOWHERE
    ) -> Left | None:
        """End the newsletter that the link came with, or `everything`; effective at once, also for what waits.

        `reason` is a LeavingReason, anything else counts as "other". A goodbye letter with a link to undo it is queued,
        also after a one-click POST: whoever forwarded a mail must learn that a stranger unsubscribed them.
        """
        from digest.tasks.leave import leave

        return leave(self._desk, token, reason=reason, everything=everything, origin=origin)

    def look_at_undoing(self, token: str) -> Undoing | None:
        """What the undo link of a goodbye letter would bring back."""
        from digest.tasks.undo_leaving import look_at_undoing

        return look_at_undoing(self._desk, token)

    def undo_leaving(self, token: str, origin: Origin = _NOWHERE) -> Undoing | None:
        """Take a departure back: the link was mailed to the address, so using it is a confirmation of its own."""
        from digest.tasks.undo_leaving import undo_leaving

        return undo_leaving(self._desk, token, origin)

    def preferences(self, token: str) -> Preferences | None:
        """The settings of whom the link names; a link of any mail will do, and so will the one of `account`."""
        from digest.tasks.preferences import preferences

        return preferences(self._desk, token)

    def change_preferences(
        self, token: str, changes: PreferenceChanges, origin: Origin = _NOWHERE
    ) -> Preferences | None:
        """Change them, and say how they are now. What may not be chosen is left out.

        A newsletter that is added waits for the confirmation that is mailed, unless `token` is a fresh account link.
        """
        from digest.tasks.preferences import change_preferences

        return change_preferences(self._desk, token, changes, origin)

    def send_account_link(self, token_or_address: str, origin: Origin = _NOWHERE) -> None:
        """Mail a fresh link to the address on file, named by itself or by the settings link of any mail.

        The same answer for every address and token. Raises SignUpError for a text that is neither.
        """
        from digest.tasks.account import send_account_link

        send_account_link(self._desk, token_or_address, origin)

    def account(self, token: str) -> Account | None:
        """Name and address of whom a fresh account link names."""
        from digest.tasks.account import account

        return account(self._desk, token)

    def change_account(self, token: str, changes: AccountChanges) -> Account | None:
        """Change name, title or salutation. Raises WrongValueError for a value that its field does not take."""
        from digest.tasks.account import change_account

        return change_account(self._desk, token, changes)

    def change_address(self, token: str, new_email: str, origin: Origin = _NOWHERE) -> Account | None:
        """Mail a link to the new address; nothing changes before it is used. The same answer for every address.

        Raises SignUpError for a text that is no address.
        """
        from digest.tasks.change_address import request_address

        return request_address(self._desk, token, new_email, origin)

    def look_at_address(self, token: str) -> AddressChange | None:
        """What the link in the letter to a new address would change."""
        from digest.tasks.change_address import look_at_address

        return look_at_address(self._desk, token)

    def confirm_address(self, token: str, origin: Origin = _NOWHERE) -> AddressChange | None:
        """Make the new address the one on file; the old one is told. Twice changes nothing."""
        from digest.tasks.change_address import confirm_address

        return confirm_address(self._desk, token, origin)

    def export(self, token: str) -> dict[str, Any] | None:
        """Everything that is kept about whom a fresh account link names, ready for JSON (Art. 15 and 20 GDPR)."""
        from digest.tasks.account import export

        return export(self._desk, token)

    def forget(self, token: str, origin: Origin = _NOWHERE) -> bool:
        """Erase whom a fresh account link names (Art. 17 GDPR); False where it names nobody."""
        from digest.tasks.account import forget

        return forget(self._desk, token, origin)
