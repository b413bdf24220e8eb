"""Make digest/render/lint/clients.json: which mail programs lack which piece of CSS or HTML.

    npm pack caniemail && tar xzf caniemail-*.tgz
    python tools/make_clients.py package/dist/data/caniemail.json package/LICENSE

A piece maps to the numbers, in `clients`, of the programs that do not know it. The data is that of caniemail.com as the
npm package caniemail carries it (MIT; its licence is copied beside the result).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The mail programs that count here -> how they are named to people. Other platforms of these families are left out.
CLIENTS = {
    ("gmail", "desktop-webmail"): "Gmail",
    ("gmail", "ios"): "Gmail (iOS)",
    ("gmail", "android"): "Gmail (Android)",
    ("gmail", "mobile-webmail"): "Gmail (mobile web)",
    ("gmx", "desktop-webmail"): "GMX",
    ("gmx", "ios"): "GMX (iOS)",
    ("gmx", "android"): "GMX (Android)",
    ("web-de", "desktop-webmail"): "WEB.DE",
    ("web-de", "ios"): "WEB.DE (iOS)",
    ("web-de", "android"): "WEB.DE (Android)",
    ("outlook", "windows"): "Outlook (Windows)",
    ("outlook", "macos"): "Outlook (macOS)",
    ("outlook", "outlook-com"): "Outlook.com",
    ("outlook", "ios"): "Outlook (iOS)",
    ("outlook", "android"): "Outlook (Android)",
    ("apple-mail", "macos"): "Apple Mail (macOS)",
    ("apple-mail", "ios"): "Apple Mail (iOS)",
    ("thunderbird", "macos"): "Thunderbird",
    ("thunderbird", "windows"): "Thunderbird",
}
#: Features whose title does not say what they are about: slug -> (kind, names).
NAMED = {
    "css-left-right-top-bottom": ("properties", ["left", "right", "top", "bottom"]),
    "css-gap": ("properties", ["gap", "column-gap", "row-gap"]),
    "css-block-inline-size": ("properties", ["block-size", "inline-size"]),
    "css-grid-template": ("properties", ["grid-template", "grid-template-columns", "grid-template-rows"]),
    "css-margin-block-start-end": ("properties", ["margin-block-start", "margin-block-end"]),
    "css-margin-inline-block": ("properties", ["margin-inline", "margin-block"]),
    "css-margin-inline-start-end": ("properties", ["margin-inline-start", "margin-inline-end"]),
    "css-padding-block-start-end": ("properties", ["padding-block-start", "padding-block-end"]),
    "css-padding-inline-block": ("properties", ["padding-inline", "padding-block"]),
    "css-padding-inline-start-end": ("properties", ["padding-inline-start", "padding-inline-end"]),
    "css-border-inline-block": ("properties", ["border-inline", "border-block"]),
    "css-scroll-snap": ("properties", ["scroll-snap-type", "scroll-snap-align"]),
    "css-column-layout-properties": ("properties", ["columns", "column-fill", "column-rule", "column-width"]),
    "css-color-scheme": ("properties", ["color-scheme"]),
    "css-font": ("properties", ["font"]),
    "css-flex-direction": ("properties", ["flex-direction"]),
    "css-flex-wrap": ("properties", ["flex-wrap"]),
    "css-modern-color": ("functions", ["lch", "oklch", "lab", "oklab"]),
    "css-unit-calc": ("functions", ["calc"]),
    "css-variables": ("functions", ["var"]),
    "css-rgb": ("functions", ["rgb"]),
    "css-rgba": ("functions", ["rgba"]),
    "css-unit-initial": ("keywords", ["initial"]),
    "css-intrinsic-size": ("keywords", ["fit-content", "min-content", "max-content"]),
    "html-lists": ("elements", ["ul", "ol", "dl"]),
    "html-svg": ("elements", ["svg"]),
    "html-image-maps": ("elements", ["map"]),
    "html-address": ("elements", ["address"]),
    "html-form": ("elements", ["form"]),
    "html-h1-h6": ("elements", ["h1", "h2", "h3", "h4", "h5", "h6"]),
}
#: Features that say nothing of a place in a template, or that the product decides itself.
LEFT_OUT = {"css-at-media", "css-at-media-prefers-color-scheme", "css-important", "css-comments", "css-sytem-ui"}


def main(data_file: Path, licence: Path, folder: Path) -> None:
    """Writes clients.json and its licence into `folder`."""
    source = json.loads(data_file.read_text("utf-8"))
    names = sorted(set(CLIENTS.values()))
    made: dict[str, Any] = {"source": "caniemail.com", "tested": source["last_update_date"][:10], "clients": names}
    for feature in source["data"]:
        if feature["slug"] in LEFT_OUT:
            continue
        lacking = sorted(names.index(name) for name in _lacking(feature))
        for kind, about in _named(feature):
            made.setdefault(kind, {}).update(dict.fromkeys(about, lacking))
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    (folder / "clients.json").write_text(re.sub(r"(?<=[\]}]),(?=\")", ",\n", text) + "\n", "utf-8")
    (folder / "clients.LICENSE").write_text(licence.read_text("utf-8"), "utf-8")


def _named(feature: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    slug, title = feature["slug"], feature["title"].strip()
    plain = re.sub(r" (property|shorthand|CSS property)$", "", title)
    if slug in NAMED:
        yield NAMED[slug]
    elif slug.startswith("css-at-") and re.fullmatch(r"@[a-z-]+", title):
        yield "at_rules", [title[1:]]
    elif slug.startswith("css-pseudo-"):
        yield "pseudo", [title.strip(":()").removesuffix("()")]
    elif found := re.fullmatch(r"([a-z-]+)\(\)", title):
        yield "functions", [found[1]]
    elif slug.startswith("css-") and (found := re.fullmatch(r"([a-z-]+): ?([a-z-]+)", title)):
        yield "values", [f"{found[1]}:{found[2]}"]
    elif found := re.fullmatch(r"([a-z%]+) unit", title):
        yield "units", [found[1]]
    elif slug.startswith("css-") and re.fullmatch(r"[a-z-]+", plain):
        yield "properties", [plain]
    elif slug.startswith("html-") and (found := re.fullmatch(r"<([a-z]+)>(?: element)?", title)):
        yield "elements", [found[1]]


def _lacking(feature: dict[str, Any]) -> set[str]:
    """The programs whose newest tested version does not know the feature at all."""
    lacking = set()
    for (family, platform), name in CLIENTS.items():
        versions = list(feature["stats"].get(family, {}).get(platform, {}).values())
        if versions and versions[-1].split()[0] == "n":
            lacking.add(name)
    return lacking


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(__file__).parents[1] / "digest" / "render" / "lint")
