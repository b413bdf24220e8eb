"""The OpenAPI document, at openapi.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import cleandoc
from typing import Any

import msgspec
from litestar import Controller, Litestar
from litestar.di import Provide
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
#: What an answer of that status always says.
_HEADERS = {"401": "WWW-Authenticate", "403": "WWW-Authenticate", "429": "Retry-After"}
_REFERENCE = "#/components/schemas/{name}"


def describe(operations: Sequence[type[Controller]], dependencies: Mapping[str, Provide], url: str) -> bytes:
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
    described = Litestar(operations, dependencies=dependencies, openapi_config=config).openapi_schema
    document: dict[str, Any] = described.to_schema()
    schemas = document["components"]["schemas"]
    known = [getattr(shapes, name) for name in schemas if hasattr(shapes, name)]
    schemas |= msgspec.json.schema_components(known, ref_template=_REFERENCE)[1]
    for schema in schemas.values():
        schema["description"] = cleandoc(schema.get("description", ""))
    for operation in (each for path in document["paths"].values() for each in path.values()):
        for status, header in _HEADERS.items():
            operation["responses"][status]["headers"] = {header: {"schema": {"type": "string"}, "required": True}}
    return msgspec.json.encode(document)
