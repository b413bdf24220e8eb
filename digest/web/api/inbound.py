"""/webhooks/{provider}: what mail services tell us, such as bounces; their signature is all the key there is."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from digest.app import App
from digest.web.api.problems import show_problem

#: Amazon SNS, the wordiest, sends 256 KB at most.
_MOST_OCTETS = 300 * 1024


@post(
    "/webhooks/{provider:str}",
    status_code=202,
    request_max_body_size=_MOST_OCTETS,
    exception_handlers={HTTPException: show_problem, Exception: show_problem},
)
async def receive_webhook(app: NamedDependency[App], request: Request[Any, Any, Any], provider: FromPath[str]) -> None:
    """Take a notification in; 403 for one that is not genuine or not for us, 404 for a provider that nobody knows."""
    await sync_to_thread(app.receive_bounces, provider, await request.body())
