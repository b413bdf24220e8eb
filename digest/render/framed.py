"""A message's HTML as it may stand in a page of ours: in a sandboxed frame, under a policy that loads nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

#: A start tag, with quoted values that may hold ">".
_TAG = r'<{}\b(?:[^>"]|"[^"]*")*>'
_LINKED = re.compile(_TAG.format("(?:a|area)"), re.IGNORECASE)
_PICTURE = re.compile(_TAG.format("img"), re.IGNORECASE)
_HREF = re.compile(r'(\shref=")([^"]*)(")', re.IGNORECASE)
_SRC = re.compile(r'\s(?:src|srcset)="[^"]*"', re.IGNORECASE)


def rendered_for_frame(html: str, *, pictures: bool = True, find_picture: Callable[[str], str] = str) -> str:
    """`html` with links that lead nowhere and name in their title where they would; without `pictures`, with none.

    `find_picture` gives another address for a picture's (such as one that holds it). Scripts are none in what we
    compile, and the frame's sandbox runs none.
    """
    inert = _LINKED.sub(lambda found: _HREF.sub(_nowhere, found[0], count=1), html)
    if not pictures:
        return _PICTURE.sub(lambda found: _SRC.sub("", found[0]), inert)
    source = re.compile(r'(\ssrc=")([^"]*)(")', re.IGNORECASE)
    return _PICTURE.sub(
        lambda found: source.sub(lambda src: f"{src[1]}{find_picture(src[2])}{src[3]}", found[0]), inert
    )


def _nowhere(found: re.Match[str]) -> str:
    return f'{found[1]}#" title="{found[2]}{found[3]}'
