"""/metrics in the text format of Prometheus, for this machine or with a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import SkipValidation
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from digest import __version__
from digest.app import App
from digest.model.api_key import Scope
from digest.storage.keys import find_key
from digest.tasks.operating_figures import METRICS, operating_figures
from digest.web.parts import TheApp
from digest.web.visitor import is_loopback

#: What only a proxy sends: then a loopback address is the proxy's, not the visitor's.
_OF_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="metrics"'}


class _Figures(Collector):
    """Looked up when they are asked for."""

    def __init__(self, app: App) -> None:
        self._app = app

    def collect(self) -> Iterator[GaugeMetricFamily]:
        settings, app = self._app.settings, self._app
        families = {
            name: GaugeMetricFamily(name, metric.text, labels=metric.labels) for name, metric in METRICS.items()
        }
        slugs = [newsletter.slug for newsletter in settings.newsletters]
        sources = [source.name for source in settings.sources]
        for sample in operating_figures(app.database, slugs, sources, app.today(), app.clock()):
            families[sample.metric].add_metric(sample.labels, sample.value)
        yield from families.values()
        version = GaugeMetricFamily("digest_info", "1, for the version that runs.", labels=("version",))
        version.add_metric((__version__,), 1)
        yield version

    def describe(self) -> list[GaugeMetricFamily]:
        """None, so that nothing is looked up when the registry is made."""
        return []


def make_registry(app: App) -> CollectorRegistry:
    """One of our own: figures of other libraries are none of ours."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(app))
    ProcessCollector(registry=registry)
    return registry


@get("/metrics", sync_to_thread=True)
def show_metrics(
    app: TheApp, request: Request[Any, Any, Any], registry: NamedDependency[SkipValidation[CollectorRegistry]]
) -> Response[bytes]:
    """Raises NotAuthorizedException where neither a key with the scope editions:read nor this machine itself asks."""
    if not (_has_key(app, request) or _asks_from_here(request)):
        raise NotAuthorizedException("A key with the scope editions:read is needed.", headers=_CHALLENGE)
    return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})


def _has_key(app: App, request: Request[Any, Any, Any]) -> bool:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    with app.database.read() as connection:
        key = find_key(connection, text.strip())
    return key is not None and Scope.EDITIONS_READ in key.scopes


def _asks_from_here(request: Request[Any, Any, Any]) -> bool:
    """By a loopback name, over a loopback address, past no proxy: one that passes no header on is told apart by that
    name alone, which is why a proxy is to be given the site's own (docs/pages.md)."""
    peer = request.client.host if request.client else ""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    past_a_proxy = any(name in request.headers for name in _OF_PROXIES)
    return bool(peer) and is_loopback(peer) and is_loopback(host) and not past_a_proxy
