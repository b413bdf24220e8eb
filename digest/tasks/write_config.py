"""Write the settings file of a new installation."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from string import Template

import msgspec

from digest.errors import UsageError

_TEMPLATE = "config.toml.template"
#: As people write them in addresses; what is left of other letters is their base letter.
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
#: Words that a newsletter's short name does without.
_ARTICLES = ("der", "die", "das", "the")
_SLUG_MAX = 40
_SAMPLE = '[[sources]]\nname = "Muster"\ntype = "sample"\n'


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What `digest init` asks. `source` is a [[sources]] table in TOML, empty for the samples; `slug` may be empty."""

    name: str = "Beispiel-Nachrichten"
    base_url: str = "https://nachrichten.example"
    sender: str = "morgen@nachrichten.example"
    imprint: str = "Beispiel-Verlag GmbH, Musterstraße 1, 10115 Berlin, kontakt@nachrichten.example"
    responsible: str = "Erika Beispiel, Musterstraße 1, 10115 Berlin"
    privacy_url: str = ""
    newsletter: str = "Der Morgen"
    slug: str = ""
    at: str = "06:30"
    source: str = ""


def settings_text(answers: Answers) -> str:
    """The settings file, with a comment for whatever a newcomer would ask about."""
    values = {name: _toml(value) for name, value in msgspec.structs.asdict(answers).items() if name != "source"}
    real = bool(answers.source)
    values |= {
        "slug": _toml(answers.slug or short_name(answers.newsletter)),
        "source": answers.source or _SAMPLE,
        "providers": '["coingecko", "kraken"]' if real else '["sample"]',
        "providers_note": "" if real else '               # ["coingecko", "kraken"] for real prices',
    }
    return Template((files("digest.samples") / _TEMPLATE).read_text("utf-8")).substitute(values)


def write_config(path: Path, text: str, check: Callable[[Path], object], *, replace: bool) -> Path | None:
    """Put `text` at `path` once `check` has passed on a draft beside it; what the earlier file is called now, if any.

    Raises UsageError where a file is there and `replace` is not said, or where it cannot be written; and whatever
    `check` raises. Then nothing has changed.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    earlier: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, "utf-8")
        check(draft)
        if replace and path.exists():
            earlier = _free_name(path)
            shutil.copy2(path, earlier)
            draft.replace(path)
        else:
            os.link(draft, path)  # unlike a rename, it replaces nothing
    except FileExistsError as there:
        raise UsageError(f"{path} is there already; nothing was written. --yes puts it aside.") from there
    except OSError as problem:
        raise UsageError(f"{path} cannot be written: {problem.strerror or problem}.") from problem
    finally:
        draft.unlink(missing_ok=True)
    return earlier


def short_name(name: str) -> str:
    """ "Der Morgen" -> "morgen": small letters, digits and hyphens, as slugs of newsletters and lists are."""
    folded = unicodedata.normalize("NFKD", name.lower().translate(_SPELLED)).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", folded)
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    return "-".join(words)[:_SLUG_MAX].strip("-") or "digest"


def _free_name(path: Path) -> Path:
    number = 1
    while (free := path.with_name(f"{path.name}.old{number}")).exists():
        number += 1
    return free


def _toml(value: str) -> str:
    """A TOML string. Raises UsageError for what is none on one line."""
    if not value.isprintable():
        raise UsageError(f"{value!r} has characters that no setting takes, such as a line end.")
    return json.dumps(value, ensure_ascii=False)
