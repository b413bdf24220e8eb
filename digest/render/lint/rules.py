"""Every check with its level and remedy. `docs/checks.md` is the list for people; a test keeps both alike."""

from __future__ import annotations

from typing import Literal

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """`level` unless a finding is milder or graver than usual; `remedy` unless it knows a better one."""

    level: Literal["error", "warning"]
    remedy: str


def _error(remedy: str) -> Rule:
    return Rule("error", remedy)


def _warning(remedy: str) -> Rule:
    return Rule("warning", remedy)


RULES = {
    # The template as such
    "template": _error("Mend the template where the message points; `digest check` names file and line."),
    "missing-include": _error("Write the name of a file of the look's own folder or of parts/."),
    "mj-include": _error('Use Jinja\'s {% include "parts/NAME" %}, which stays inside templates/.'),
    "unescaped": _error("Leave out `safe` and `autoescape`: what a source wrote would become markup."),
    "malformed": _error("Close every tag in the order it was opened, and put attribute values in quotes."),
    # MJML
    "unknown-tag": _error("Use an element of MJML 4, or put HTML inside mj-text, mj-table or mj-raw."),
    "unknown-attribute": _error("Remove the attribute, or write it as MJML does; for CSS use css-class and mj-style."),
    "attribute-value": _error("Write a value of the kind that the attribute takes."),
    "unknown-class": _error("Define the class by <mj-class name=…> in mj-attributes, or mend its name."),
    "nesting": _error("Move the element into one that may hold it."),
    # Fences and slots
    "fence-place": _error(
        'Put fences between sections of mj-body, between elements of one mj-column, or with within="table" between '
        "<tr> of mj-table or <li>."
    ),
    "unfenced-section": _error('Put {% fence "NAME" %} … {% endfence %} around it: neighbours would be merged.'),
    "slot-place": _error(
        "Let slots stand in text, in alt, title or aria-label, and URL slots at the start of an href."
    ),
    # What no mail goes without
    "missing-alt": _error('Say by alt="…" what the picture shows; alt="" where it only decorates.'),
    "missing-title": _error("Put <mj-title>{{ subject or brand_name }}</mj-title> into mj-head."),
    "missing-lang": _error('Write <mjml lang="de">: screen readers choose their voice by it.'),
    "missing-preheader": _error("Put <mj-preview>{{ slot.preheader }}</mj-preview> into mj-head."),
    "missing-unsubscribe": _error("Link {{ slot.unsubscribe_url }} in both parts, outside what a reader may not get."),
    "missing-settings": _error("Link {{ slot.settings_url }} in both parts, outside what a reader may not get."),
    "missing-imprint": _error("Show {{ site.imprint }} in both parts, outside what a reader may not get (§ 5 DDG)."),
    "missing-responsible": _warning("Show {{ site.responsible }} in both parts (§ 18 Abs. 2 MStV)."),
    # Styles
    "important": _error("Leave it out, or move the rule into @media: written into the element it beats dark mode."),
    "css": _error("Mend the rule; mail programs drop what they cannot read, often the whole style sheet."),
    "client-support": _warning("Do without it, or see that the mail reads well where it is ignored."),
    "unknown-css": _warning("Mend its name, or do without it."),
    "inlined-style": _error('Leave out inline="inline": every rule outside @media is inlined anyway.'),
    "contrast": _error("Choose colours further apart: WCAG 2.1 AA asks for 4.5:1, for large text 3:1."),
    "dark-mode": _warning("Add rules in @media (prefers-color-scheme: dark), or programs invert as they like."),
    # What is loaded
    "third-party": _error("Serve it from the site's own host; opening a mail must tell nobody else."),
    "tracking-pixel": _error("Remove it: no reader is tracked (§ 25 TDDDG)."),
    "active-content": _error("Remove it: mail programs drop it, and spam filters dislike it."),
    "picture-address": _error("Write the whole address, beginning with https://."),
    # Size and text
    "size": _warning("Show fewer articles or shorter leads: Gmail clips a mail at 102 KB."),
    "text-articles": _error("Show the same articles in edition.txt.j2, with their titles."),
    "long-line": _warning("Break the line, with the filter `wrap` for instance."),
    "subject-template": _error("Cut the subject with the filter shorten(78), and let it never be empty."),
    # The edition
    "no-articles": _error("Gather again, or cancel the edition."),
    "empty-title": _error("Give the article a title, or leave it out."),
    "long-title": _warning("Shorten the title; mail programs and phones cut it."),
    "duplicate-headline": _warning("Leave one of them out."),
    "placeholder": _error("Replace what was left in for later."),
    "missing-credit": _error("Name the picture's author (§ 13 UrhG), or leave the picture out."),
    "subject": _warning("Shorten the subject to 60 characters; phones show fewer."),
    "empty-subject": _error("Write a subject."),
    "missing-prices": _warning("Take prices by `digest snapshot`; without them the market block is left out."),
    "changed-at-source": _warning("Look at it again; preparing the edition again takes the new words."),
    "withdrawn": _warning("Ask its newsroom, and drop it where it was taken back."),
    "site-imprint": _warning("Write the imprint into [site] imprint; until then no mail leaves the machine."),
}
