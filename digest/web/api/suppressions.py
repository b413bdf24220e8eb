"""/suppressions: who must not be mailed."""

from __future__ import annotations

OPERATIONS = ()
