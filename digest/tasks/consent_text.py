"""The wording that people agree to when they sign up: templates/consent/, one file per version and form of address.

A file `v1.sie.txt` is version "v1.sie". What was shown once is never changed: a new wording is a new version, and the
highest number is the one that is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from digest.errors import TemplateError
from digest.model.newsletter import Newsletter
from digest.model.reader import ConsentText
from digest.tasks.desk import Desk

FOLDER = "consent"
_VERSION = re.compile(r"v(\d{1,6})\.(sie|du)")


def current_consent_text(desk: Desk, newsletter: Newsletter) -> ConsentText:
    """What the sign-up page of `newsletter` shows now. Raises TemplateError where there is no text at all."""
    wordings = _wordings(desk.own_templates)
    form = desk.site.form.lower()
    versions = [found for version in wordings if (found := _VERSION.fullmatch(version)) and found[2] == form]
    if not versions:
        raise TemplateError(f"{FOLDER}/v1.{form}.txt", None, "there is no such file")
    return _filled(desk, newsletter, wordings, max(versions, key=lambda found: int(found[1]))[0])


def shown_consent_text(desk: Desk, newsletter: Newsletter, version: str) -> ConsentText:
    """The text of the version that a form sent back; the current one where there is no such version."""
    wordings = _wordings(desk.own_templates)
    if version not in wordings:
        return current_consent_text(desk, newsletter)
    return _filled(desk, newsletter, wordings, version)


def _filled(desk: Desk, newsletter: Newsletter, wordings: Mapping[str, str], version: str) -> ConsentText:
    text = wordings[version]
    for name, value in (("newsletter", newsletter.name), ("site", desk.site.name)):
        text = text.replace(f"{{{name}}}", value)
    return ConsentText(version=version, text=text)


@lru_cache(maxsize=4)
def _wordings(own_folder: Path | None) -> Mapping[str, str]:
    """Version -> text, on one line; the operator's own folder wins by file."""
    from digest.render.environment import shipped_templates

    folders = [folder for folder in (shipped_templates(), own_folder) if folder is not None]
    texts: dict[str, str] = {}
    for folder in folders:
        for file in sorted((folder / FOLDER).glob("*.txt")):
            if _VERSION.fullmatch(file.stem):
                try:
                    texts[file.stem] = " ".join(file.read_text("utf-8").split())
                except (OSError, UnicodeDecodeError) as problem:
                    raise TemplateError(f"{FOLDER}/{file.name}", None, f"cannot be read: {problem}") from problem
    return texts
