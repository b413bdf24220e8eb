"""/healthz: whether the server can do its work."""

from __future__ import annotations

from litestar import Response, get
from sqlalchemy import text

from digest.web.doorway import HEALTH
from digest.web.parts import TheApp


@get(HEALTH, sync_to_thread=True)
def show_health(app: TheApp) -> Response[dict[str, str]]:
    """200 where the database answers; else 503, by the error page."""
    with app.database.read() as connection:
        connection.execute(text("SELECT 1"))
    return Response({"status": "ok"})
