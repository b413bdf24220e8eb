"""The OpenAPI document, at openapi.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Server

from digest import __version__
from digest.web.api import shapes

_ABOUT = """\
People, lists and editions for other programs. Every call carries a key, made by `digest keys create`, as
`Authorization: Bearer ...`; each operation names the scope that the key needs. Errors are problem+json (RFC 9457).
What is written here is checked strictly: an unknown field or parameter is an error.
"""
_KEY = "key"
_REFERENCE = "#/components/schemas/{name}"


def describe(operations: Sequence[HTTPRouteHandler], url: str) -> bytes:
    """The document of `operations`, which hang at `url`.

    Its schemas are those by which bodies are really checked and written, and not the framework's likeness of them.
    """
    config = OpenAPIConfig(
        title="Newsroom digest",
        version=__version__,
        description=_ABOUT,
        servers=[Server(url=url)],
        components=Components(security_schemes={_KEY: SecurityScheme(type="http", scheme="bearer")}),
        security=[{_KEY: []}],
    )
    document: dict[str, Any] = Litestar(operations, openapi_config=config).openapi_schema.to_schema()
    schemas = document["components"]["schemas"]
    known = [getattr(shapes, name) for name in schemas if hasattr(shapes, name)]
    schemas |= msgspec.json.schema_components(known, ref_template=_REFERENCE)[1]
    return msgspec.json.encode(document)
