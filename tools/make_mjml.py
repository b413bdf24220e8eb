"""Make digest/render/lint/mjml.json: MJML 4's elements, what may stand in them, their attributes and values.

    npm install mjml@4
    python tools/make_mjml.py node_modules

Read out of the reference implementation (MIT; its licence is copied beside the result); it checks by the same tables.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

_READ = """
const {components} = require('mjml-core'); require('mjml');
const attributes = {}, texts = [];
for (const [name, each] of Object.entries(components)) {
  attributes[name] = each.allowedAttributes || {};
  if (each.endingTag) texts.push(name);
}
const children = require('mjml-preset-core/lib/dependencies.js');
const named = require('mjml-core/lib/types/helpers/colors.js');
console.log(JSON.stringify({attributes, texts, children, colours: named.default || named}));
"""
#: What the reference implementation reads elsewhere than in its component tables.
_BESIDE = {
    "mjml": {"lang": "string", "dir": "enum(auto,ltr,rtl)", "owa": "enum(desktop)"},
    "mj-all": {},
    "mj-class": {"name": "string"},
    "mj-selector": {"path": "string"},
    "mj-html-attribute": {"name": "string"},
}


def main(modules: Path, folder: Path) -> None:
    """Writes mjml.json and its licence into `folder`."""
    answer = subprocess.run(  # noqa: S603
        ["node", "-e", _READ],  # noqa: S607
        cwd=modules.parent,
        capture_output=True,
        check=True,
        text=True,
    )
    read = json.loads(answer.stdout)
    version = json.loads((modules / "mjml" / "package.json").read_text("utf-8"))["version"]
    made = {
        "source": f"mjml {version}",
        "elements": {
            name: {
                "attributes": dict(sorted((read["attributes"].get(name) or _BESIDE.get(name, {})).items())),
                "children": sorted(child for child in read["children"].get(name, []) if isinstance(child, str)),
            }
            for name in sorted({*read["attributes"], *read["children"], *_BESIDE})
        },
        "texts": sorted(read["texts"]),
        "colours": sorted(read["colours"]),
    }
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    (folder / "mjml.json").write_text(re.sub(r'(?<=\}),(?="mj)', ",\n", text) + "\n", "utf-8")
    licence = (modules / "mjml" / "LICENSE.md").read_text("utf-8")
    (folder / "mjml.LICENSE").write_text(licence, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(__file__).parents[1] / "digest" / "render" / "lint")
