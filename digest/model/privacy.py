"""The [privacy] table of the settings."""

from __future__ import annotations

from digest.model.settings import Table


class PrivacySettings(Table, frozen=True, kw_only=True):
    """After `unconfirmed_days` an unconfirmed sign-up is deleted, after `evidence_years` what proves a past consent.

    IP addresses are kept only with `store_ip`.
    """

    unconfirmed_days: int = 14
    evidence_years: int = 3
    store_ip: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.unconfirmed_days <= 365:
            raise ValueError("unconfirmed_days must be between 1 and 365")
        if not 0 <= self.evidence_years <= 30:
            raise ValueError("evidence_years must be between 0 and 30")
