"""What a page may ask for by the name of its argument: `app`, `pages`, `posted`."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from digest.app import App
from digest.web.pages import Pages
from digest.web.posted import Posted

TheApp = NamedDependency[SkipValidation[App]]
ThePages = NamedDependency[SkipValidation[Pages]]
ThePosted = NamedDependency[SkipValidation[Posted]]
