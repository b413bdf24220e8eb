"""Requests are taken as they are: a body is JSON of the very types that the operation declares, "5" is no number."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import ClientException, MethodNotAllowedException, ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter

_JSON = "application/json"


class UnsupportedMediaTypeException(ClientException):
    """The body is something else than JSON."""

    status_code = 415


class StrictRequest(Request[Any, Any, Any]):
    """Decodes a body strictly into the type of the operation's `data`."""

    async def json(self) -> Any:
        """Raises 415 for another content type, 400 with the place for a body that is not what it should be."""
        kind, options = self.content_type
        if kind != _JSON or options.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaTypeException(f"Send the body as Content-Type: {_JSON}, in UTF-8.")
        declared = self.route_handler.parsed_data_field
        wanted = declared.annotation if declared else Any
        try:
            plain = msgspec.json.Decoder(float_hook=_number).decode(await self.body())
            return msgspec.convert(plain, wanted, strict=True, str_keys=True)
        except msgspec.ValidationError as wrong:
            problem, _, place = str(wrong).partition(" - at ")
            raise ValidationException(extra=[{"key": place.strip("`") or "$", "message": problem}]) from wrong
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise ClientException(f"The body is not JSON: {wrong}") from wrong


def refuse_unknown_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A mistyped filter must not mean "all"; neither must one that is given twice."""
    known = {
        field.kwarg_definition.name or field.name
        for field in handler.parsed_fn_signature.parameters.values()
        if isinstance(field.kwarg_definition, QueryParameter)
    }
    names = [name for name, _ in connection.query_params.multi_items()]
    for name in names:
        if name not in known:
            raise ValidationException(extra=[{"key": name[:100], "message": "There is no such query parameter"}])
        if names.count(name) > 1:
            raise ValidationException(extra=[{"key": name, "message": "It is given more than once"}])


def refuse_options(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """No page of another site may call the API (CORS), and the framework's own answer knows half of the methods."""
    if connection.scope.get("method") == "OPTIONS":
        place = connection.scope["path_template"]
        methods = {method for route in connection.app.routes if route.path == place for method in route.methods}
        allowed = ", ".join(sorted(methods - {"OPTIONS"}))
        raise MethodNotAllowedException("Pages of other sites may not call this.", headers={"Allow": allowed})


def _number(text: str) -> int | float:
    """1.0 is a whole number to JSON Schema (2020-12 core, 4.2.3)."""
    number = float(text)
    return int(number) if number.is_integer() else number
