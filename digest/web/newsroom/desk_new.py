"""/redaktion/ausgaben/neu and /korrektur: editions beside the regular ones, made by hand and finished at their desk."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from digest.app import App
from digest.errors import DigestError, NotFoundError, StepError, UsageError
from digest.model.edition import Edition
from digest.web.newsroom.desk_view import desk_path
from digest.web.newsroom.layout import ROOT, TheVisit, Visit
from digest.web.newsroom.parts import Number
from digest.web.parts import TheApp, ThePosted
from digest.web.public.archive import find_newsletter
from subscribers.errors import SubscribersError

_MOST = 30
_NOT_YET = "Korrigieren lässt sich nur, was versendet oder abgebrochen ist. Ändern Sie die Ausgabe am Tisch."


@get("/ausgaben/neu", sync_to_thread=True)
def show_extra(app: TheApp, visit: TheVisit) -> Response[str]:
    return _extra_page(app, visit)


@post("/ausgaben/neu", status_code=200, sync_to_thread=True)
def make_extra(app: TheApp, visit: TheVisit, posted: ThePosted) -> Response[str]:
    """Takes `newsletter` and, where there are any, `subject` and `articles`: addresses or titles, one in a line."""
    newsletter = find_newsletter(app, posted.one("newsletter"))
    names = [line.strip() for line in posted.one("articles").splitlines() if line.strip()]
    typed = {name: posted.one(name) for name in ("newsletter", "subject", "articles")}
    if len(names) > _MOST:
        return _extra_page(app, visit, f"Eine Sonderausgabe beginnt mit höchstens {_MOST} Artikeln.", typed)
    try:
        made = app.create_extra(newsletter, names, who=visit.editor.who, subject=posted.one("subject"))
    except NotFoundError as missing:
        return _extra_page(app, visit, f"Diesen Artikel gibt es im Vorrat nicht: {missing.name}", typed)
    except (DigestError, SubscribersError) as problem:
        return _extra_page(app, visit, f"Die Sonderausgabe ließ sich nicht anlegen: {problem}", typed)
    return visit.go(desk_path(made.number), "Die Sonderausgabe ist angelegt. Sie geht erst hinaus, wenn Sie es sagen.")


@get("/ausgaben/{number:int}/korrektur", sync_to_thread=True)
def show_correction(app: TheApp, visit: TheVisit, number: Number) -> Response[str]:
    from digest.tasks.create_correction import find_correctable

    try:
        edition = find_correctable(app.database, number)
    except StepError:
        return visit.go(f"{ROOT}/ausgaben/{number}", _NOT_YET, tone="wrong")
    return _correction_page(visit, edition)


@post("/ausgaben/{number:int}/korrektur", status_code=200, sync_to_thread=True)
def make_correction(app: TheApp, visit: TheVisit, posted: ThePosted, number: Number) -> Response[str]:
    """Takes `artikel` (its number there, or nothing), `title` and `text`, whose paragraphs empty lines divide."""
    from digest.tasks.create_correction import find_correctable

    chosen = posted.one("artikel")
    if chosen and not (chosen.isdecimal() and len(chosen) < 4):
        raise NotFoundException()
    lines = "\n".join(line.strip() for line in posted.one("text").splitlines())
    typed = {name: posted.one(name) for name in ("artikel", "title", "text")}
    try:
        edition = find_correctable(app.database, number)
        made = app.create_correction(
            number,
            lines.split("\n\n"),
            who=visit.editor.who,
            article=int(chosen) if chosen else None,
            title=posted.one("title"),
        )
    except StepError:
        return visit.go(f"{ROOT}/ausgaben/{number}", _NOT_YET, tone="wrong")
    except NotFoundError:
        raise
    except UsageError:
        return _correction_page(
            visit, edition, "Eine Korrektur braucht einen Text, von höchstens 5.000 Zeichen.", typed
        )
    said = "Die Korrektur ist angelegt. Sie geht an alle, die den Fehler bekommen haben, sobald Sie es sagen."
    return visit.go(desk_path(made.number), said)


def _extra_page(app: App, visit: Visit, problem: str = "", typed: dict[str, str] | None = None) -> Response[str]:
    values = typed or {"newsletter": "", "subject": "", "articles": ""}
    found = app.settings.newsletters
    return visit.page("desk-extra.html", status=400 if problem else 200, found=found, problem=problem, typed=values)


def _correction_page(
    visit: Visit, edition: Edition, problem: str = "", typed: dict[str, str] | None = None
) -> Response[str]:
    values = typed or {"artikel": "", "title": "", "text": ""}
    return visit.page(
        "desk-correction.html", status=400 if problem else 200, edition=edition, problem=problem, typed=values
    )
