"""Reading JSON of which nothing is certain, as PHP and its plug-ins write it: a value of a wrong type is none."""

from __future__ import annotations

import json
import re

from digest.gather.feed_links import is_html
from digest.gather.lines import decode, one_line
from digest.gather.xmltext import UnsoundError

#: Where JSON begins behind warnings that PHP printed before it.
_START = re.compile(r'\[\s*[{\]]|\{\s*"')
_MESSAGE_CHARS = 200


def load(content: bytes) -> object:
    """The JSON value in `content`, though warnings or comments stand around it. Raises UnsoundError."""
    text = decode(content).lstrip("\ufeff \t\r\n")
    behind = None if is_html(content, "") else _START.search(text)
    starts = [0] if text.startswith(("[", "{")) else []
    starts += [behind.start()] if behind and behind.start() not in starts else []
    problem = UnsoundError("is no JSON")
    for start in starts:
        try:
            return json.JSONDecoder().raw_decode(text, start)[0]
        except (ValueError, RecursionError) as error:
            problem = UnsoundError(f"is not valid JSON: {one_line(str(error))[:_MESSAGE_CHARS]}")
    raise problem


def at(value: object, *path: str | int) -> object:
    """What stands at `path`, keys of objects and places in lists; None where nothing does."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            found = items(value)
            value = found[step] if step < len(found) else None
    return value


def items(value: object) -> list[object]:
    """A list; also one that PHP wrote as an object of numbers ({"0": ..., "2": ...}). Empty for anything else."""
    if isinstance(value, dict) and value and all(key.isascii() and key.isdigit() for key in value):
        return list(value.values())
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """A text, or what is `rendered` of it, without half characters ("\\ud83d"); "" for anything else."""
    found = value.get("rendered") if isinstance(value, dict) else value
    return found.encode("utf-8", "ignore").decode() if isinstance(found, str) else ""


def error_in(value: object) -> str:
    """The sentence of one of WordPress's error objects ({"code": ..., "message": ...}); "" where it is none."""
    code, message = text(at(value, "code")), text(at(value, "message"))
    return one_line(message or code)[:_MESSAGE_CHARS] if code else ""
