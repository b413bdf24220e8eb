"""A message's HTML as a picture, as a browser of a given width shows it."""

from __future__ import annotations

import base64
import math
import time
from typing import Any

from digest.render.chromium import Chromium, running_chromium

#: Taller pages are cut here; a message of sixty articles stays below.
_MAX_HEIGHT = 16_000
#: Seconds between two looks at whether the pictures are there; the browser's own deadline ends it.
_PAUSE = 0.01


def screenshot(html: str, width: int, *, dark: bool = False) -> bytes:
    """`html` as a PNG, `width` CSS pixels wide and as high as the page, without scripts and without network.

    Where something does not fit, the picture is as much wider as it is. Raises DigestError where no Chromium is
    installed, or where it does not answer within half a minute.
    """
    with running_chromium() as browser:
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.ask("Emulation.setScriptExecutionDisabled", session, value=True)
        browser.ask("Emulation.setEmulatedMedia", session, media="screen", features=[scheme])
        _set_size(browser, session, width, 800)
        frame = browser.ask("Page.getFrameTree", session)["frameTree"]["frame"]["id"]
        browser.ask("Page.setDocumentContent", session, frameId=frame, html=html)
        _wait_for_pictures(browser, session)
        page: dict[str, Any] = browser.ask("Page.getLayoutMetrics", session)["cssContentSize"]
        height = min(math.ceil(page["height"]), _MAX_HEIGHT)
        _set_size(browser, session, width, height)
        clip = {"x": 0, "y": 0, "width": math.ceil(page["width"]), "height": height, "scale": 1}
        taken = browser.ask("Page.captureScreenshot", session, format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(taken["data"])


def _wait_for_pictures(browser: Chromium, session: str) -> None:
    """Until each is there or has failed: only then is its place as high as it stays."""
    settled = "Array.from(document.images).every(image => image.complete)"
    while not browser.ask("Runtime.evaluate", session, expression=settled)["result"]["value"]:
        time.sleep(_PAUSE)


def _set_size(browser: Chromium, session: str, width: int, height: int) -> None:
    browser.ask(
        "Emulation.setDeviceMetricsOverride", session, width=width, height=height, deviceScaleFactor=1, mobile=False
    )
