"""/readyz: whether mail would leave and pages would work just now."""

from __future__ import annotations

import threading
import time

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from digest.app import App
from digest.errors import OutdatedDatabaseError, StorageError
from digest.storage.operating import try_to_write
from digest.storage.scheduler_lease import read_lease

#: However often it is asked, it looks no more often, for it is open to everybody; in seconds.
_LOOKS_AFTER = 2.0
#: A scheduler says much more often that it is alive; in seconds.
SCHEDULER_SILENT_AFTER = 120.0


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, each "ok" or what is wrong in a few words that name nothing of this machine."""

    status: str
    database: str
    scheduler: str


_BUSY = Ready(status="not ready", database="is busy", scheduler="unknown")


class Readiness:
    """Looks, and remembers for a moment what it saw."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._seen: tuple[float, Ready] | None = None

    def look(self) -> Ready:
        if not self._lock.acquire(timeout=_LOOKS_AFTER):
            return _BUSY  # somebody else's look takes long: not everybody waits for it
        try:
            if self._seen is None or time.monotonic() - self._seen[0] > _LOOKS_AFTER:
                self._seen = (time.monotonic(), self._look())
            return self._seen[1]
        finally:
            self._lock.release()

    def _look(self) -> Ready:
        database, scheduler = self._database(), "unknown"
        if database == "ok":
            scheduler = self._scheduler()
        status = "ready" if database == scheduler == "ok" else "not ready"
        return Ready(status=status, database=database, scheduler=scheduler)

    def _database(self) -> str:
        """Whether it can be written to, and is of this program's version: a migration may have gone by."""
        try:
            try_to_write(self._app.database)
        except OutdatedDatabaseError:
            return "is of another version"
        except StorageError:
            return "cannot be written to"
        return "ok"

    def _scheduler(self) -> str:
        with self._app.database.read() as connection:
            lease = read_lease(connection)
        if lease is None or not lease.holder:
            return "none is running"
        silent = abs((self._app.clock() - lease.renewed_at).total_seconds())
        return "ok" if silent <= SCHEDULER_SILENT_AFTER else "has not been heard of"


@get("/readyz", sync_to_thread=True)
def show_ready(readiness: NamedDependency[SkipValidation[Readiness]]) -> Response[Ready]:
    """200 where everything is as it should be, else 503; the body says which part is not."""
    found = readiness.look()
    return Response(found, status_code=200 if found.status == "ready" else 503)
