"""How often a key may call: a bucket of calls that fills up again steadily; pure."""

from __future__ import annotations

import threading
from datetime import datetime

CALLS_PER_MINUTE = 600


class Rates:
    """One bucket per key, in this process. A key may call as often at once as it may in a minute."""

    def __init__(self, per_minute: int = CALLS_PER_MINUTE) -> None:
        self._most = float(per_minute)
        self._left: dict[int, tuple[float, datetime]] = {}
        self._lock = threading.Lock()

    def take(self, key: int, now: datetime) -> float:
        """Take one call: 0 where it may be made, else the seconds until the next may be."""
        with self._lock:
            left, before = self._left.get(key, (self._most, now))
            # A clock that was set back fills nothing, and takes nothing away.
            left = min(self._most, left + max(0.0, (now - before).total_seconds()) * self._most / 60)
            allowed = left >= 1
            self._left[key] = (left - 1 if allowed else left, now)
        return 0.0 if allowed else (1 - left) * 60 / self._most
