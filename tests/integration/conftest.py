"""What tests of the web server share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from digest.app import App


class Website(NamedTuple):
    """A product and a browser of it, without cookies or redirects of its own."""

    app: App
    client: TestClient[Litestar]

    def dump(self) -> list[str]:
        """Everything in the database, as SQL."""
        raw = self.app.database.engine.raw_connection()
        try:
            driver: Any = raw.driver_connection
            return list(driver.iterdump())
        finally:
            raw.close()


MakeWebsite = Callable[..., Website]


@pytest.fixture
def make_website(make_app: Callable[..., App]) -> Iterator[MakeWebsite]:
    """Makes the web application of an app; arguments as for `make_app`, or an app that is there already."""
    from digest.web.app import make_web_app

    with ExitStack() as opened:

        def make(*arguments: Any, app: App | None = None, **tables: Any) -> Website:
            product = app or make_app(*arguments, **tables)
            client = TestClient(make_web_app(product), base_url=product.settings.site.base_url)
            client.follow_redirects = False
            return Website(product, opened.enter_context(client))

        yield make
