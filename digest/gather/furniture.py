"""What stands around an article on every page: tables of phrases, and what a line of them is."""

from __future__ import annotations

import re

#: Lines that are furniture from beginning to end, as expressions.
_LINES = (
    r"crossmenu|menü|menu|navigation|startseite|home|suchen?|login|log in|anmelden|registrieren|abmelden|mein konto",
    r"bleiben sie informiert.{0,40}|bleib informiert.{0,40}|immer informiert",
    r"zum inhalt(?: springen)?|skip to (?:main )?content|direkt zum inhalt|nach oben|zurück(?: zur startseite)?",
    r"teilen|drucken|merken|vorlesen|anhören|kommentieren|weiterlesen|abonnieren|abo|video|audio|podcast|plus|premium",
    r"(?:diesen )?(?:artikel|beitrag) (?:teilen|drucken|merken|anhören|vorlesen|versenden|empfehlen)",
    r"(?:diesen )?(?:artikel|beitrag) (?:bewerten|kommentieren)",
    r"teilen? (?:sie )?diesen (?:artikel|beitrag)|bilderstrecke|fotostrecke|infografik|eilmeldung|exklusiv",
    r"(?:(?:auf|bei|per|via) )?(?:facebook|twitter|x|whatsapp|telegram|linkedin|xing|instagram|e-?mail|pocket)"
    r"(?: (?:teilen|senden|posten))?|pinterest|threads|mastodon|bluesky|flipboard",
    r"\d* ?kommentare?(?: \(?\d+\)?)?(?: (?:anzeigen|lesen|schreiben|hinzufügen|verfassen|abgeben))?",
    r"anzeige|werbung|advertisement|advertorial|sponsored|gesponsert",
    r"(?:empfohlener )?(?:externer|redaktioneller) inhalt",
    r"(?:unser )?newsletter(?: abonnieren)?",
    r"jetzt (?:abonnieren|anmelden|registrieren|lesen|kommentieren|teilen|testen)",
    r"(?:melden|abonnieren) sie (?:sich )?(?:jetzt )?(?:hier )?(?:für )?unseren? (?:kostenlosen )?newsletter.{0,80}",
    r"folgen? (?:sie )?uns(?: (?:auf|bei))?.{0,60}",
    r"impressum|datenschutz(?:erklärung)?|agb|kontakt|über uns|cookies?(?:-?einstellungen)?",
    r"nutzungsbedingungen|mediadaten",
    r"alle rechte vorbehalten.{0,60}|(?:©|\(c\)|copyright)\s*(?:19|20)\d\d.{0,80}",
    r"(?:lesezeit|lesedauer)\s*:?\s*(?:ca\. ?)?\d+ ?min(?:uten?|\.)?|\d+ ?min(?:uten?|\.)? ?(?:lesezeit|lesedauer)?",
    r"mehr (?:lesen|anzeigen|laden)|alle anzeigen|zur startseite|zurück zur übersicht|(?:nächster|vorheriger) artikel",
    r"quellen?|schlagwörter|tags|themen(?: in diesem artikel)?|autor(?:in)?|über (?:den autor|die autorin)",
)
#: How paragraphs begin that ask, sell or explain the page.
_APPEALS = (
    r"\[?alle (?:aktuellen |wichtigen )?(?:entwicklungen|updates|nachrichten|news|infos)\b.{0,120}"
    r"(?:newsblog|newsletter|liveblog|ticker|app|hier)\b",
    r"(?:melden sie sich|jetzt|hier)\b.{0,40}\bnewsletter\b.{0,80}(?:an|anmelden|abonnieren|bestellen)\b",
    r"(?:abonnieren?|bestellen) (?:sie )?(?:hier |jetzt )?(?:unseren?|den|die)\b.{0,60}newsletter",
    r"um (?:diesen|den|das|neue)\b.{0,60}\b(?:zu (?:sehen|lesen|nutzen|kommentieren)|per e-mail zu erhalten)\b",
    r"(?:dieser|der) (?:artikel|beitrag|text) (?:erschien|ist|wurde) (?:zuerst|ursprünglich|erstmals)\b",
    r"(?:bitte )?(?:aktivieren|deaktivieren) sie (?:bitte )?(?:javascript|ihren (?:ad|werbe)blocker|cookies)\b",
    r"an dieser stelle (?:finden|findest) (?:sie|du) (?:einen )?(?:externen|relevanten|ergänzenden)\b",
    r"mit (?:dem laden|absendung|dem klick|ihrer anmeldung)\b",
    r"(?:wir|unsere (?:website|seite)) (?:verwenden|nutzen|verwendet|nutzt|setzen|setzt) cookies\b",
    r"(?:sie|du) (?:möchten?|möchtest|wollen|willst) .{0,60}\b(?:unterstützen|abonnieren)\?",
    r"(?:erstellt|veröffentlicht|(?:zuletzt )?aktualisiert|publiziert|stand)(?: am)?: ?\d"
    r"[^.!?]{0,60}(?:\.\d+[^.!?]{0,30})*$",
    r"lesen sie (?:hier|dazu|auch hier)\b|hier geht(?: es|['’]?s) zu[rm]?\b|mehr (?:dazu|infos?)\b.{0,60}$",
)
#: What introduces other articles.
_RELATED = (
    r"lesen sie (?:auch|hierzu|dazu|mehr|weiter|hier|außerdem)(?: (?:auch|mehr|dazu|zum thema|weiter))?",
    r"lies (?:auch|dazu)",
    r"(?:das )?(?:könnte|dürfte) (?:sie|dich|euch)(?: (?:auch|ebenfalls))? interessieren",
    r"(?:auch interessant|interessant)(?: für (?:dich|sie))|auch interessant|siehe auch|zum thema",
    r"mehr (?:zum thema|dazu|aus dem ressort|zu diesem thema)|passend dazu|aus dem archiv|meist ?gelesen|top-themen",
    r"(?:mehr|weitere) (?:artikel|beiträge|nachrichten|news|meldungen|themen|infos|informationen|links)(?: .{0,60})?",
    r"(?:verwandte|ähnliche|interessante|ausgewählte|empfohlene|passende|beliebte) (?:artikel|beiträge|themen|links)",
    r"weiterführende[rn]? (?:links?|artikel|informationen)|(?:empfehlungen der |unsere )redaktion|redaktionsempfehlung",
    r"unsere empfehlung(?:en)?|related (?:articles|posts|stories)|read (?:more|also)|you may also like|more on this",
)
_CREDIT_WORD = (
    r"(?:(?:symbol|archiv|titel|beitrags|teaser|vorschau|artikel|agentur)?-?(?:fotos?|bild(?:er)?|grafik|illustration"
    r"|collage|montage)(?:quelle|nachweis|rechte|credit)?|credits?|photo(?: by| credit)?)"
)
_WHO = r"(?P<who>(?:[^.:!?]|\.(?=\S)|(?<=\b\w)\.|(?<=\bDr)\.){2,120}?)"


def _any(expressions: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(expressions)})"


_FURNITURE = re.compile(rf"\W{{0,40}}(?:{_any(_LINES)}\W*$|{_any(_APPEALS)})", re.IGNORECASE)
_RELATED_LINE = re.compile(rf"\W{{0,6}}{_any(_RELATED)}\W*", re.IGNORECASE)
_RELATED_INLINE = re.compile(
    rf"(?:(?:^|(?<=[.!?…“”\"»)])\s)\W{{0,6}}{_any(_RELATED)}|(?<=\s)(?-i:Lesen Sie|Lies) auch)\s*:\s*", re.IGNORECASE
)
_TITLE_CUT = re.compile(r"\s[|•]\s|;\s|\s*Bleiben Sie informiert!?\s*$", re.IGNORECASE)
_CREDIT = re.compile(
    rf"[(\[|]?\s*(?:{_CREDIT_WORD}\s*[:©]\s*(?:©\s*)?|(?:©|\(c\)|copyright:?)\s*)(?P<who>\S.{{1,120}}?)[)\]]?\.?",
    re.IGNORECASE,
)
_CREDIT_TAIL = re.compile(
    rf"\s*[(\[|/–-]?\s*(?:(?<!\w)(?i:{_CREDIT_WORD})\s*:\s*(?:©\s*)?|©\s*)(?=[A-ZÄÖÜ]|dpa|afp|epd|imago|pa\b|privat)"
    rf"{_WHO}\s*[)\]]?\.?$"
)
_CREDIT_LABEL = re.compile(rf"\W{{0,3}}{_CREDIT_WORD}\s*:", re.IGNORECASE)
_CREDIT_START = re.compile(rf"^\W*{_CREDIT_WORD}\s*[:©]\s*|^\W*(?:©|\(c\)|copyright:?)\s*", re.IGNORECASE)
#: Other titles stand in the last so many characters of a paragraph.
_TAIL = 2_000
_SENTENCES = re.compile(r"\w{4,}[.!?]\s+\w|^(?:19|20)\d\d\b")


def is_furniture(line: str) -> bool:
    """Whether a line or paragraph belongs to the page and not to the article."""
    return not any(letter.isalnum() for letter in line) or bool(_FURNITURE.match(line))


def split_related(paragraph: str) -> tuple[str, tuple[str, ...] | None]:
    """A paragraph -> its own text, and the other articles' titles that it ends in ("Lesen Sie auch: ...").

    No titles at all (None) where nothing is announced; an empty tuple where they follow on the next lines.
    """
    if len(paragraph) <= 120 and _RELATED_LINE.fullmatch(paragraph):
        return "", ()
    tail = max(len(paragraph) - _TAIL, 0)
    starts = [(tail + found.start(), tail + found.end()) for found in _RELATED_INLINE.finditer(paragraph[tail:])]
    titles: list[str] = []
    end = len(paragraph)
    for start, label_end in reversed(starts):
        title = paragraph[label_end:end]
        if len(title) > 250:
            break
        titles[:0] = [part.strip(" »→>") for part in _TITLE_CUT.split(title) if part.strip(" »→>")]
        end = start
    return (paragraph[:end].rstrip(), tuple(titles)) if end < len(paragraph) else (paragraph, None)


def read_credit(line: str) -> str:
    """Who made the picture, from a line that says nothing else ("Foto: dpa", "© AFP"); "" for any other line."""
    found = _CREDIT.fullmatch(line) if len(line) <= 150 else None
    return clean_credit(found["who"]) if found and not _SENTENCES.search(found["who"]) else ""


def is_credit_label(line: str) -> bool:
    """Whether the line is only "Foto:", so that the credit is the next one."""
    return bool(_CREDIT_LABEL.fullmatch(line))


def split_credit(caption: str) -> tuple[str, str]:
    """A caption -> its text without the credit at its end, and the credit: "Der Hafen. (Foto: dpa)"."""
    if whole := read_credit(caption):
        return "", whole
    cut = max(len(caption) - 200, 0)
    found = _CREDIT_TAIL.search(caption[cut:])
    return (caption[: cut + found.start()].rstrip(), clean_credit(found["who"])) if found else (caption, "")


def clean_credit(text: str) -> str:
    """The name alone, without "Foto:", signs and brackets around it."""
    bare = _CREDIT_START.sub("", text).strip(" ,;|©:[]–-")
    return bare[:-1].rstrip() if bare.endswith(")") and "(" not in bare else bare
