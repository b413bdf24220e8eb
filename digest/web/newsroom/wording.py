"""How the newsroom says what the program calls by a name: states, reasons, roles, times. German, one table each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from digest import german
from digest.model.delivery import DeliveryState, SkipReason
from digest.model.edition import CHANGED, EditionKind, EditionState
from digest.model.editor import Role
from subscribers.model import BounceClass, ConsentEventKind, EventKind, SuppressionReason

#: A state's word, and the tone in which it is shown: calm, busy, good, warm (somebody has to act) or over.
STATES: dict[EditionState, tuple[str, str]] = {
    EditionState.GATHERING: ("noch nicht vorbereitet", "calm"),
    EditionState.PREPARED: ("vorbereitet", "calm"),
    EditionState.IN_REVIEW: ("wartet auf Freigabe", "warm"),
    EditionState.APPROVED: ("freigegeben", "good"),
    EditionState.SENDING: ("wird versendet", "busy"),
    EditionState.PAUSED: ("angehalten", "warm"),
    EditionState.SENT: ("versendet", "good"),
    EditionState.HELD: ("zurückgehalten", "warm"),
    EditionState.CANCELLED: ("abgebrochen", "over"),
    EditionState.SKIPPED: ("ausgelassen", "over"),
}
_KINDS = {
    EditionKind.REGULAR: "Ausgabe",
    EditionKind.EXTRA: "Sonderausgabe",
    EditionKind.CORRECTION: "Korrektur",
    EditionKind.LETTER: "Brief",
}
_WORDS: dict[str, str] = {
    # Deliveries
    DeliveryState.QUEUED: "wartet",
    DeliveryState.CLAIMED: "wartet",
    DeliveryState.IN_FLIGHT: "unterwegs",
    DeliveryState.SUBMITTED: "übergeben",
    DeliveryState.DEFERRED: "aufgeschoben",
    DeliveryState.REJECTED: "abgelehnt",
    DeliveryState.UNKNOWN: "ungewiss",
    DeliveryState.SKIPPED: "ausgelassen",
    # Why somebody gets nothing
    SkipReason.SUPPRESSED: "gesperrt",
    SkipReason.UNSUBSCRIBED: "abgemeldet",
    SkipReason.PAUSED: "macht Pause",
    SkipReason.ERASED: "gelöscht",
    SkipReason.NOTHING_NEW: "nichts Neues dabei",
    SkipReason.NEEDS_SMTPUTF8: "Adresse braucht SMTPUTF8",
    SkipReason.CANCELLED: "Versand abgebrochen",
    # Why a server did not take a message
    "temporary": "vorübergehend abgelehnt",
    "connection": "Verbindung abgebrochen",
    "bad_address": "Adresse gibt es nicht",
    "refused": "Server lehnt ab",
    "content": "Inhalt abgelehnt",
    "broken_off": "abgebrochen, bevor der Server antwortete",
    "domain_limit": "wartet auf die eigene Grenze für diese Domain",
    "domain_rest": "Domain wird geschont",
    "too_late": "nicht rechtzeitig angenommen",
    # Why something came back
    "userunknown": "Adresse gibt es nicht",
    "hostunknown": "Domain gibt es nicht",
    "hasmoved": "Empfänger ist umgezogen",
    "suspend": "Postfach stillgelegt",
    "mailbox_full": "Postfach voll",
    "mailboxfull": "Postfach voll",
    "systemfull": "Server ist voll",
    "expired": "nicht rechtzeitig angenommen",
    "blocked": "Absender geblockt",
    "spamdetected": "für Spam gehalten",
    "virusdetected": "für schädlich gehalten",
    "policyviolation": "gegen die Regeln des Servers",
    "authfailure": "Absender nicht nachgewiesen",
    "mesgtoobig": "Nachricht zu groß",
    "networkerror": "Server nicht erreichbar",
    # Suppressions
    SuppressionReason.HARD_BOUNCE: "dauerhaft unzustellbar",
    SuppressionReason.SOFT_BOUNCES: "wiederholt unzustellbar",
    SuppressionReason.COMPLAINT: "Beschwerde",
    SuppressionReason.REQUEST: "auf Wunsch",
    SuppressionReason.ADMIN: "von der Redaktion",
    SuppressionReason.IMPORTED: "importiert",
    # What came back
    EventKind.SUBSCRIBED: "Anmeldungen",
    EventKind.BOUNCED: "Rückläufer",
    EventKind.COMPLAINED: "Beschwerden",
    BounceClass.HARD: "dauerhaft",
    BounceClass.SOFT: "vorübergehend",
    BounceClass.SENDER: "liegt am Absender",
    BounceClass.IGNORED: "ohne Folge",
    # Roles
    Role.EDITOR: "Redaktion",
    Role.ADMIN: "Admin",
}
_CONSENTS = {
    ConsentEventKind.REQUESTED: "angefragt",
    ConsentEventKind.CONFIRMATION_SENT: "Bestätigungsmail verschickt",
    ConsentEventKind.CONFIRMED: "bestätigt",
    ConsentEventKind.ADDED: "eingetragen",
    ConsentEventKind.IMPORTED: "importiert",
    ConsentEventKind.UNSUBSCRIBED: "widerrufen",
}
_DEEDS = {
    "edition.approve": "freigegeben",
    "edition.hold": "zurückgehalten",
    "edition.release": "Zurückhalten aufgehoben",
    "edition.pause": "angehalten",
    "edition.resume": "Versand fortgesetzt",
    "edition.send": "Versand gestartet",
    "edition.cancel": "abgebrochen",
    "edition.skip": "ausgelassen",
    "edition edited": "bearbeitet",
    "edition.test": "zum Test verschickt",
    "edition.prepare": "vorbereitet",
    "subscriber.add": "eingetragen",
    "subscriber.change": "geändert",
    "subscriber.forget": "gelöscht",
    "subscription.add": "angemeldet",
    "subscription.request": "um Bestätigung gebeten",
    "subscription.confirm": "bestätigt",
    "subscription.leave": "abgemeldet",
    "suppression.add": "gesperrt",
    "suppression.remove": "Sperre aufgehoben",
    "list.create": "Liste angelegt",
    "list.rename": "Liste umbenannt",
    "list.archive": "Liste archiviert",
    "list.unarchive": "Liste wieder geöffnet",
    "list.delete": "Liste gelöscht",
}
_IS_STILL = re.compile(rf"the edition is ({'|'.join(EditionState)})\b")
#: How `explain_person` begins to say why somebody does not stand in an edition's ledger.
_ABSENCES = {
    "they are not in the segment": "nicht im Segment des Newsletters",
    "they joined after": "kam erst danach dazu",
    "no active subscription": "nicht angemeldet",
    "its newsletter is not": "den Newsletter gibt es nicht mehr",
}
#: Reasons of editions that the program gives, as it stores them; whatever else stands there is shown as it is.
_REASONS = {
    "was not approved by its time": "Bis zum Versandzeitpunkt war sie nicht freigegeben.",
    "missed its time": "Der Versandzeitpunkt ist verstrichen.",
    CHANGED: "Nach der Freigabe wurde sie geändert.",
}


def make_filters(zone: ZoneInfo, clock: Callable[[], datetime]) -> Mapping[str, Callable[..., Any]]:
    """The newsroom's own filters for templates, with times in `zone` and days as seen from `clock`."""

    def local(at: datetime) -> datetime:
        return at.astimezone(zone)

    return {
        "local": local,
        "moment": lambda at: moment(local(at), local(clock()).date()),
        "clock_time": lambda at: german.time_of_day(local(at)),
        "iso": lambda at: at.astimezone(UTC).isoformat(timespec="seconds"),
        "day": german.long_date,
        "number": german.number,
        "count": german.plural,
        "state_word": lambda state: STATES[state][0],
        "state_tone": lambda state: STATES[state][1],
        "kind_word": lambda kind: _KINDS[kind],
        "word": word,
        "consent_word": lambda event: _CONSENTS[event],
        "deed": lambda what: _DEEDS.get(what, what),
        "person": person,
        "reason": reason,
        "absence": absence,
        "web_url": web_url,
    }


def word(name: str | StrEnum) -> str:
    """The German word for a state or a reason; an unknown one as it is."""
    return _WORDS.get(str(name), str(name).replace("_", " "))


def person(who: str) -> str:
    """Who the audit trail names: "editor:anna@news.example", "cli:anna", "key:crm", "reader", "schedule"."""
    kind, _, name = who.partition(":")
    if kind == "editor":
        return name
    named = {"cli": "Kommandozeile", "key": "Schnittstelle", "reader": "Leser", "schedule": "Zeitplan"}.get(kind, kind)
    return f"{named} ({name})" if name else named


def reason(text: str) -> str:
    """An edition's reason, in German where it is one of the program's own."""
    if text.startswith(("by command at ", "in the newsroom at ")):
        return ""  # who did it, and when, stands beside it
    return _REASONS.get(text.rstrip("."), text)


def absence(why: str) -> str:
    """Why somebody does not stand in an edition's ledger, by what `explain_person` says; what is unknown as it is."""
    if found := _IS_STILL.match(why):
        return f"die Ausgabe: {STATES[EditionState(found[1])][0]}"
    return next((words for begins, words in _ABSENCES.items() if why.startswith(begins)), why)


def moment(at: datetime, today: date) -> str:
    """ "heute, 6.30 Uhr", "Freitag, 6. März, 6.30 Uhr", and for another year "6. März 2025, 6.30 Uhr"."""
    near = {0: "heute", 1: "morgen", -1: "gestern"}.get((at.date() - today).days)
    far = german.weekday_date(at.date()) if at.year == today.year else german.short_date(at.date())
    return f"{near or far}, {german.time_of_day(at)}"


def web_url(text: str | None) -> str:
    """`text` where a browser may be led there, else ""."""
    return text if text and text.startswith(("https://", "http://")) else ""


def in_words(seconds: float) -> str:
    """ "3 Std. 12 Min.", "12 Min.", "weniger als 1 Min."."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"weniger als 1{german.NO_BREAK}Min."
    hours, rest = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "Tg."), (hours, "Std."), (rest, "Min.")]
    shown = [f"{count}{german.NO_BREAK}{unit}" for count, unit in parts if count][:2]
    return " ".join(shown)
