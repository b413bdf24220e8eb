"""Templates into pages. Everything that is put into them is escaped; who reads is known by no template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateSyntaxError, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment
from litestar import MediaType, Response
from markupsafe import Markup

from digest import german
from digest.errors import TemplateError
from digest.model.newsletter import Newsletter, read_time, read_weekdays
from digest.model.site import Form, Site
from digest.render.environment import shipped_templates
from digest.render.marks import words_for
from digest.web.assets import Assets, accent_name

#: Pages that name nobody may be found by search engines, and be kept for some minutes.
_FOR_EVERYBODY = {"cache-control": "public, max-age=300", "x-robots-tag": "all"}


def web_folders(own_folder: str) -> list[Path]:
    """Where web templates are: the shipped ones, and the operator's own, which win file by file."""
    folders = [shipped_templates() / "web"]
    return [*folders, Path(own_folder) / "web"] if own_folder else folders


class Pages:
    """The pages of one site."""

    def __init__(
        self,
        site: Site,
        newsletters: Sequence[Newsletter],
        folders: Sequence[Path],
        assets: Assets,
        filters: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        """`filters` are those of a room. Raises TemplateError for a template that is not valid Jinja."""
        self._site = site
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(list(reversed(folders))),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {
            "site": site,
            "newsletters": tuple(newsletters),
            "asset": assets.url,
            "colours": lambda slug: _colours(assets, slug),
            "sie_du": words_for(site.form),
            "robots": "",
        }
        self._environment.filters |= {
            "long_date": german.long_date,
            "short_date": german.short_date,
            "time_of_day": german.time_of_day,
            "join_words": german.join_words,
            "clean": german.clean_name,
            "timetable": _timetable,
        } | dict(filters or {})
        for name in self._environment.list_templates(extensions=["html", "xml"]):
            try:
                self._environment.get_template(name)
            except TemplateSyntaxError as wrong:
                raise TemplateError(f"web/{wrong.name}", wrong.lineno, wrong.message or "is not valid Jinja") from wrong

    def show(
        self, name: str, *, form: Form | None = None, status: int = 200, everybody: bool = False, **values: Any
    ) -> Response[str]:
        """The page `name`, addressing readers by `form` (the site's by default).

        One for `everybody` names nobody and may be cached and found; every other is neither.
        """
        if form is not None:
            values["sie_du"] = words_for(form)
        return Response(
            self.render(name, **values),
            status_code=status,
            media_type=MediaType.HTML,
            headers=_FOR_EVERYBODY if everybody else None,
        )

    def render(self, name: str, **values: Any) -> str:
        """The text that the template `name` gives."""
        return self._environment.get_template(name).render(values)


def _colours(assets: Assets, slug: str) -> Markup:
    """The link to a newsletter's own style sheet; nothing for one that is no longer in the settings."""
    sheet = accent_name(slug)
    return Markup('<link rel="stylesheet" href="{}">').format(assets.url(sheet)) if sheet in assets else Markup()


def _timetable(newsletter: Newsletter) -> str:
    """ "montags bis freitags um 6.30 Uhr"."""
    days = german.on_weekdays(read_weekdays(newsletter.days))
    return f"{days} um {german.time_of_day(read_time(newsletter.at))}"
