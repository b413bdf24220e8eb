"""/redaktion/listen: mailing lists with their counts; made, renamed and archived by admins."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from digest.app import App
from digest.web.newsroom.layout import FOR_ADMINS, ROOT, TheVisit, Visit
from digest.web.parts import TheApp, ThePosted
from subscribers import lists
from subscribers.errors import ListExistsError, WrongValueError

_PATH = f"{ROOT}/listen"


@get("/listen", sync_to_thread=True)
def show_lists(app: TheApp, visit: TheVisit) -> Response[str]:
    return _page(app, visit)


@post("/listen", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def create_list(app: TheApp, visit: TheVisit, posted: ThePosted) -> Response[str]:
    """Takes `slug` and `name`."""
    slug, name = posted.one("slug"), posted.one("name")
    try:
        with app.database.write() as connection:
            made = lists.create_list(connection, slug, name, who=visit.editor.who, now=app.clock())
    except ListExistsError:
        return _page(app, visit, "Eine Liste mit diesem Kürzel gibt es schon.", slug, name)
    except WrongValueError:
        said = "Ein Kürzel besteht aus kleinen Buchstaben, Ziffern und Bindestrichen."
        return _page(app, visit, said, slug, name)
    return visit.go(_PATH, f"Die Liste „{made.name}“ ist angelegt.")


@post("/listen/{slug:str}/name", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def rename_list(app: TheApp, visit: TheVisit, posted: ThePosted, slug: FromPath[str]) -> Response[str]:
    try:
        with app.database.write() as connection:
            lists.rename_list(connection, slug, posted.one("name"), who=visit.editor.who, now=app.clock())
    except WrongValueError:
        return _page(app, visit, "Ein Name hat mindestens ein Zeichen und höchstens 200.")
    return visit.go(_PATH, "Der Name ist geändert.")


@post("/listen/{slug:str}/archiv", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def archive_list(app: TheApp, visit: TheVisit, posted: ThePosted, slug: FromPath[str]) -> Response[str]:
    """Archives the list, or with `wieder` opens it again."""
    archived = not posted.one("wieder")
    with app.database.write() as connection:
        lists.archive_list(connection, slug, archived=archived, who=visit.editor.who, now=app.clock())
    return visit.go(_PATH, "Die Liste ist archiviert." if archived else "Die Liste ist wieder offen.")


def _page(app: App, visit: Visit, problem: str = "", slug: str = "", name: str = "") -> Response[str]:
    now = app.clock()
    with app.database.read() as connection:
        known = lists.list_lists(connection)
        found = [(each, lists.list_growth(connection, each.mailing_list.id, now=now)) for each in known]
    return visit.page(
        "lists.html", status=400 if problem else 200, found=found, problem=problem, slug=slug, list_name=name
    )
