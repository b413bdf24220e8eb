"""The [privacy] table takes sane numbers alone."""

from __future__ import annotations

import pytest

from digest.model.privacy import PrivacySettings


@pytest.mark.parametrize(
    "values", [{"unconfirmed_days": 0}, {"unconfirmed_days": 366}, {"evidence_years": -1}, {"evidence_years": 31}]
)
def test_numbers_out_of_range_are_refused_by_name(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        PrivacySettings(**values)
