"""Who calls, and what they may: a bearer key (RFC 6750), its scopes, its rate."""

from __future__ import annotations

import math
from typing import Any

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException, TooManyRequestsException
from litestar.handlers import BaseRouteHandler

from digest.app import App
from digest.model.api_key import ApiKey
from digest.storage.keys import find_key, note_use, use_is_news
from digest.web.api.operation import SCOPE
from digest.web.api.rates import Rates

_CHALLENGE = 'Bearer realm="api"'

Connection = ASGIConnection[Any, Any, Any, Any]


class Access:
    """The guard in front of every operation: who may not pass is told so before anything of the request is read."""

    def __init__(self, app: App, rates: Rates) -> None:
        self._app, self._rates = app, rates

    async def check(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Raises 401, 403 and 429. The key is then at `connection.state.key`."""
        scope = handler.opt.get(SCOPE)
        if scope is None:  # the description of the API is for everybody
            return
        key = await sync_to_thread(self._find, _bearer(connection))
        if key is None:
            challenge = {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}
            raise NotAuthorizedException("This key is not good: mistyped, or revoked.", headers=challenge)
        if wait := self._rates.take(key.id, self._app.clock()):
            seconds = str(math.ceil(wait))
            raise TooManyRequestsException(f"Too many calls; go on in {seconds} s.", headers={"Retry-After": seconds})
        if scope not in key.scopes:
            challenge = {"WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'}
            raise PermissionDeniedException(f"Key {key.name} lacks the scope {scope}.", headers=challenge)
        connection.state.key = key

    def _find(self, text: str) -> ApiKey | None:
        now, database = self._app.clock(), self._app.database
        with database.read() as connection:
            key = find_key(connection, text)
        if key is not None and use_is_news(key, now):
            with database.write() as connection:
                note_use(connection, key, now)
        return key


def caller(connection: Connection) -> str:
    """Who the audit trail says it was."""
    key: ApiKey = connection.state.key
    return f"key:{key.name}"


def _bearer(connection: Connection) -> str:
    scheme, _, text = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise NotAuthorizedException(
            "Send a key as `Authorization: Bearer ...`; `digest keys create` makes one.",
            headers={"WWW-Authenticate": _CHALLENGE},
        )
    return text.strip()
