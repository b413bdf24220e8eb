"""Mail services that tell of bounces and complaints by webhook: one file per provider, and its line here.

A provider is a function (see `base.Provider`): it proves that a notification is genuine and for us, and gives back what
it says as readings, which are then treated as mails in the bounce mailbox are.
"""

from __future__ import annotations

from digest.tasks.bounce_webhooks.base import Provider
from digest.tasks.bounce_webhooks.ses import receive_ses

#: The last part of the webhook's path -> who reads it.
PROVIDERS: dict[str, Provider] = {"ses": receive_ses}
