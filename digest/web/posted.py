"""What a form sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException

_MOST_FIELDS = 200


class Posted:
    """The fields of a form; a field may come more than once, as check boxes do."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    def one(self, name: str) -> str:
        """The last value of the field without spaces around it, "" where there is none."""
        return self.every(name)[-1].strip() if self.every(name) else ""

    def every(self, name: str) -> Sequence[str]:
        return self._fields.get(name, ())

    def __contains__(self, name: str) -> bool:
        return name in self._fields


async def read_posted(request: Request[Any, Any, Any]) -> Posted:
    """The fields of a form, urlencoded or multipart (RFC 8058, 3.2, allows both), without files; else none.

    The framework's own reader of urlencoded bodies is not used: it remembers a thousand of them.
    """
    fields: dict[str, list[str]] = {}
    kind, _ = request.content_type
    if kind == RequestEncodingType.URL_ENCODED:
        try:
            pairs = parse_qsl(
                (await request.body()).decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
            )
        except ValueError as too_many:
            raise ClientException() from too_many
    elif kind == RequestEncodingType.MULTI_PART:
        pairs = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    else:
        pairs = []
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return Posted(fields)
