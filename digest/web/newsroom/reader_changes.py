"""What admins change of people: added, corrected, put on lists and taken off, suppressed, erased."""

from __future__ import annotations

from litestar import Response, get, post

from digest.tasks.enter_person import Entry, change_person, enter_person, put_on_list
from digest.web.newsroom.layout import FOR_ADMINS, ROOT, TheVisit
from digest.web.newsroom.parts import Number
from digest.web.newsroom.readers import find_reader, reader_page
from digest.web.parts import TheApp, ThePosted
from subscribers.addresses import parse_address
from subscribers.errors import AddressError, SuppressedError, UnknownListError, UsageError, WrongValueError
from subscribers.model import Changes, Consent, Profile, SuppressionReason
from subscribers.profile import read_profile
from subscribers.standings import list_slugs
from subscribers.subscriptions import unsubscribe
from subscribers.suppression_changes import add_suppression, remove_suppression

#: Where the records of consent say that a change comes from.
_SOURCE = "newsroom"
_READERS = f"{ROOT}/leser"
_FIELDS = ("first_name", "last_name", "title", "salutation", "form", "topics", "tags")


@get("/leser/neu", opt=FOR_ADMINS, sync_to_thread=True)
def show_new_reader(app: TheApp, visit: TheVisit) -> Response[str]:
    with app.database.read() as connection:
        slugs = list_slugs(connection)
    return visit.page("reader-new.html", slugs=slugs, email="", problem="")


@post("/leser/neu", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def add_reader(app: TheApp, visit: TheVisit, posted: ThePosted) -> Response[str]:
    """Takes `email`, `list` and `consent`: where the consent comes from. Without one they are asked by mail."""
    email, stated = posted.one("email"), posted.one("consent")
    with app.database.read() as connection:
        slugs = list_slugs(connection)
    try:
        entry = Entry(
            address=parse_address(email),
            profile=Profile(),
            lists=[slug for slug in posted.every("list") if slug],
            consent=Consent(source=stated) if stated else None,
        )
        with app.database.write() as connection:
            person, is_new = enter_person(connection, entry, who=visit.editor.who, secret=app.secret, now=app.clock())
    except (AddressError, SuppressedError, UnknownListError, WrongValueError) as wrong:
        problem = _said(wrong)
        return visit.page("reader-new.html", status=400, slugs=slugs, email=email, problem=problem)
    said = "ist eingetragen" if is_new else "war schon bekannt; was Sie angegeben haben, ist ergänzt"
    return visit.go(f"{_READERS}/{person.id}", f"{person.email} {said}.")


@post("/leser/{number:int}/angaben", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def change_reader(app: TheApp, visit: TheVisit, posted: ThePosted, number: Number) -> Response[str]:
    """Sets the fields that the form has."""
    given = {field: posted.one(field) for field in _FIELDS if field in posted}
    find_reader(app, number)
    try:
        profile = read_profile(given)
    except WrongValueError as wrong:
        return reader_page(app, visit, number, problem=_said(wrong))
    changes = Changes(**{field: getattr(profile, field) for field in given})
    with app.database.write() as connection:
        change_person(connection, number, changes, who=visit.editor.who, now=app.clock())
    return visit.go(f"{_READERS}/{number}", "Gespeichert.")


@post("/leser/{number:int}/abmelden", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def take_off_list(app: TheApp, visit: TheVisit, posted: ThePosted, number: Number) -> Response[str]:
    """Ends the subscription to `list`, at once."""
    find_reader(app, number)
    with app.database.write() as connection:
        left = unsubscribe(
            connection, number, posted.one("list"), source=_SOURCE, who=visit.editor.who, now=app.clock()
        )
    return visit.go(f"{_READERS}/{number}", "Abgemeldet." if left else "Das war schon so.")


@post("/leser/{number:int}/anmelden", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def put_reader_on_list(app: TheApp, visit: TheVisit, posted: ThePosted, number: Number) -> Response[str]:
    """Asks the person whether they want `list`: they are pending until they confirm."""
    person = find_reader(app, number)
    try:
        with app.database.write() as connection:
            put_on_list(
                connection,
                person,
                posted.one("list"),
                None,
                who=visit.editor.who,
                secret=app.secret,
                now=app.clock(),
            )
    except (SuppressedError, WrongValueError) as wrong:
        return reader_page(app, visit, number, problem=_said(wrong))
    said = "Die Bestätigungsmail geht mit dem nächsten Versand hinaus. Bis zur Bestätigung kommt nichts anderes."
    return visit.go(f"{_READERS}/{number}", said)


@post("/leser/{number:int}/sperren", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def suppress_reader(app: TheApp, visit: TheVisit, number: Number) -> Response[str]:
    person = find_reader(app, number)
    with app.database.write() as connection:
        add_suppression(
            connection,
            parse_address(person.email),
            reason=SuppressionReason.ADMIN,
            source=_SOURCE,
            who=visit.editor.who,
            secret=app.secret,
            now=app.clock(),
        )
    return visit.go(f"{_READERS}/{number}", "An diese Adresse geht nichts mehr.")


@post("/leser/{number:int}/entsperren", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def lift_suppression_of_reader(app: TheApp, visit: TheVisit, number: Number) -> Response[str]:
    person = find_reader(app, number)
    try:
        with app.database.write() as connection:
            remove_suppression(
                connection, parse_address(person.email), who=visit.editor.who, secret=app.secret, now=app.clock()
            )
    except UsageError:  # it is the whole domain that is
        problem = "Gesperrt ist die ganze Domain, nicht diese Adresse; das lässt sich unter „Sperren“ ändern."
        return reader_page(app, visit, number, problem=problem)
    return visit.go(f"{_READERS}/{number}", "Die Sperre ist aufgehoben. Abmeldungen bleiben bestehen.")


@get("/leser/{number:int}/loeschen", opt=FOR_ADMINS, sync_to_thread=True)
def ask_to_forget(app: TheApp, visit: TheVisit, number: Number) -> Response[str]:
    return visit.page("reader-forget.html", reader=find_reader(app, number))


@post("/leser/{number:int}/loeschen", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
def forget_reader(app: TheApp, visit: TheVisit, number: Number) -> Response[str]:
    """Erases the person for good (Art. 17 GDPR)."""
    app.forget(find_reader(app, number).email, who=visit.editor.who, source=_SOURCE)
    return visit.go(_READERS, "Die Daten sind gelöscht. Die Adresse kommt auch durch einen Import nicht wieder.")


def _said(wrong: Exception) -> str:
    """What an editor is told of input that does not do."""
    if isinstance(wrong, AddressError):
        return "Das ist keine E-Mail-Adresse, an die wir schreiben können."
    if isinstance(wrong, SuppressedError):
        return "Diese Adresse ist gesperrt; sie wird nicht eingetragen."
    if isinstance(wrong, UnknownListError):
        return "Diese Liste gibt es nicht mehr."
    return "Ein Wert ist zu lang, enthält Zeichen, die wir nicht annehmen, oder die Liste ist archiviert."
