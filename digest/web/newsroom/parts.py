"""What a page of the newsroom may ask for by name, beside `visit` and `editor`: `worker`."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from digest.tasks.sending_worker import SendingWorker

TheWorker = NamedDependency[SkipValidation[SendingWorker]]
