"""What `digest check` finds, as editors read it: in German, and at the article that it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.model.desk import DeskFinding, Severity
from digest.render.lint.findings import Finding

_LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING}
#: Rule -> the sentence; `{text}` is the offending text. What is not here is for whoever makes the templates.
_SENTENCES = {
    "no-articles": "Die Ausgabe hat keine Artikel.",
    "empty-title": "Ein Artikel hat keinen Titel.",
    "long-title": "Der Titel „{text}“ ist so lang, dass Postfächer und Telefone ihn abschneiden.",
    "duplicate-headline": "Der Titel „{text}“ steht zweimal in der Ausgabe.",
    "placeholder": "In „{text}“ ist etwas stehen geblieben, das nur ein Platzhalter war.",
    "missing-credit": "Das Bild zu „{text}“ hat keinen Bildnachweis.",
    "subject": "Der Betreff „{text}“ ist lang; Telefone zeigen etwa 60 Zeichen.",
    "empty-subject": "Der Betreff ist leer.",
    "missing-prices": "Die Kurse fehlen oder sind zu alt ({text}); ohne neue Kurse fehlt der Block.",
    "site-imprint": "Das Impressum fehlt; so verlässt keine Nachricht den Rechner.",
    "size": "Die längste Nachricht ist groß: {problem}",
    "changed-at-source": "„{text}“ wurde an der Quelle seither geändert.",
    "withdrawn": "„{text}“ steht bei der Quelle nicht mehr; vielleicht wurde der Artikel zurückgezogen.",
}
_KILOBYTES = re.compile(r"\d+(?:\.\d+)? KB")


def in_german(finding: Finding, keys: Sequence[str]) -> DeskFinding:
    """The finding for the desk; `keys` are the articles' in the edition's order."""
    about = re.search(r", article (\d+)$", finding.file)
    number = int(about[1]) if about else 0
    article = keys[number - 1] if 0 < number <= len(keys) else ""
    sentence = _SENTENCES.get(finding.rule)
    if sentence is not None:
        size = _KILOBYTES.search(finding.problem)
        told = f"{size[0].replace('.', ',')}; Gmail schneidet ab 102 KB ab." if size else finding.problem
        return DeskFinding(
            severity=_LEVELS[finding.level],
            rule=finding.rule,
            sentence=sentence.format(text=finding.text or "–", problem=told),
            article=article,
        )
    line = f", Zeile {finding.line}" if finding.line else ""
    return DeskFinding(
        severity=Severity.ERROR if finding.level == "error" else Severity.NOTE,
        rule=finding.rule,
        sentence=f"Vorlage {finding.file}{line}: {finding.problem}",
        place=f"{finding.file}:{finding.line}" if finding.line else finding.file,
    )
