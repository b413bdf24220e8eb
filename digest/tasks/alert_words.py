"""What alerts say, in German: a subject line and a text each. Pure."""

from __future__ import annotations

from digest import german
from digest.links import newsroom_edition_url
from digest.model.alerts import Alert, Cause
from digest.model.edition import EditionState

_SUBJECTS = {
    Cause.HELD: "Zurückgehalten: {}",
    Cause.PAUSED: "Versand angehalten: {}",
    Cause.OVERDUE: "Nicht verschickt: {}",
    Cause.SILENT: "Quelle schweigt: {}",
    Cause.TEST: "Probe: {}",
}
_SENTENCES = {
    Cause.HELD: "Die Ausgabe {} wird zurückgehalten und geht nicht hinaus, bis jemand sie freigibt.",
    Cause.PAUSED: "Der Versand der Ausgabe {} ist angehalten und geht erst weiter, wenn jemand ihn fortsetzt.",
    Cause.OVERDUE: "Die Ausgabe {} ist nicht zu ihrer Zeit verschickt worden.",
    Cause.SILENT: "Die Quelle {} gibt seit Längerem nichts Neues her. Die Ausgaben erscheinen ohne sie.",
    Cause.TEST: "Das ist eine Probe: So meldet sich {}, wenn eine Ausgabe nicht hinausgeht.",
}
_RESOLVED = {
    Cause.HELD: "Die Ausgabe {} wird nicht mehr zurückgehalten.",
    Cause.PAUSED: "Der Versand der Ausgabe {} ist nicht mehr angehalten.",
    Cause.OVERDUE: "Die Ausgabe {} ist nicht mehr überfällig.",
    Cause.SILENT: "Die Quelle {} liefert wieder.",
}
_STATES = {
    EditionState.GATHERING: "noch nicht vorbereitet",
    EditionState.PREPARED: "vorbereitet",
    EditionState.IN_REVIEW: "noch nicht freigegeben",
    EditionState.APPROVED: "freigegeben",
    EditionState.SENDING: "im Versand",
    EditionState.PAUSED: "angehalten",
    EditionState.SENT: "versendet",
    EditionState.HELD: "zurückgehalten",
    EditionState.CANCELLED: "abgebrochen",
    EditionState.SKIPPED: "ausgelassen",
}
_COMMANDS = {
    Cause.HELD: "digest editions release {}",
    Cause.PAUSED: "digest send --edition {} --resume",
    Cause.OVERDUE: "digest send --edition {}",
}


def subject_of(alert: Alert, *, resolved: bool = False) -> str:
    """The subject line of an alert, or of the note that it is over."""
    return ("Erledigt – " if resolved else "") + _SUBJECTS[alert.cause].format(_short_name(alert))


def text_of(alert: Alert, base_url: str, *, resolved: bool = False) -> str:
    """A few lines: what it is, what is known, what can be done."""
    if resolved:
        lines = [_RESOLVED[alert.cause].format(_name(alert))]
        if alert.state:
            lines.append(f"Sie ist jetzt {_state(alert)}.")
        return "\n".join(lines)
    lines = [_SENTENCES[alert.cause].format(_name(alert))]
    if alert.cause is Cause.OVERDUE:
        lines.append(f"Sie ist {_state(alert)}." if alert.state else "Sie ist gar nicht begonnen worden.")
    if alert.reason:
        lines.append(f"Grund: {alert.reason}")
    if alert.edition is not None:
        lines += ["", f"In der Redaktion: {newsroom_edition_url(base_url, alert.edition)}"]
        if command := _COMMANDS.get(alert.cause):
            lines.append(f"Auf dem Server: {command.format(alert.edition)}")
    return "\n".join(lines)


def _state(alert: Alert) -> str:
    return _STATES[EditionState(alert.state)]


def _name(alert: Alert) -> str:
    quoted = f"„{german.clean_name(alert.title)}“"
    if alert.cause in (Cause.SILENT, Cause.TEST):
        return quoted
    number = f" (Nr. {alert.edition})" if alert.edition is not None else ""
    day = f" vom {german.short_date(alert.day)}" if alert.day else ""
    return f"von {quoted}{day}{number}"


def _short_name(alert: Alert) -> str:
    title = german.clean_name(alert.title)
    return f"{title}, {german.short_date(alert.day)}" if alert.day else title
