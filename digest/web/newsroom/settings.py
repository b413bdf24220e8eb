"""/redaktion/einstellungen: what the settings file says, as far as an editor has to know it. Nothing secret is here."""

from __future__ import annotations

from litestar import Response, get

from digest.app import App
from digest.model.newsletter import Newsletter
from digest.web.newsroom.layout import TheVisit
from digest.web.parts import TheApp

Facts = list[tuple[str, str]]


@get("/einstellungen", sync_to_thread=True)
def show_settings(app: TheApp, visit: TheVisit) -> Response[str]:
    """Chosen fact by fact: a setting that is added later is not shown by accident."""
    parts = [("Absender", _site(app)), ("Versand", _delivery(app)), ("Datenschutz", _privacy(app))]
    newsletters = [(each.name, _newsletter(each)) for each in app.settings.newsletters]
    return visit.page("settings.html", parts=parts, newsletters_shown=newsletters)


def _site(app: App) -> Facts:
    site = app.settings.site
    return [
        ("Name", site.name),
        ("Adresse der Seiten", site.base_url),
        ("Absender", f"{site.sender_name} <{site.sender}>" if site.sender_name else site.sender),
        ("Antworten an", site.reply_to or site.sender),
        ("Anrede", site.form),
        ("Impressum", "noch das Beispiel" if site.sample_imprint else site.imprint),
        ("Verantwortlich", site.responsible or "nicht angegeben"),
        ("Zeitzone", site.time_zone),
    ]


def _delivery(app: App) -> Facts:
    delivery, dkim = app.settings.delivery, app.settings.dkim
    relays = [
        f"{relay.host}:{relay.port}" + (f", höchstens {', '.join(relay.limits)}" if relay.limits else "")
        for relay in delivery.relays
    ]
    return [
        ("Weg", delivery.backend),
        ("Server", "; ".join(relays) or "keiner"),
        ("Signatur (DKIM)", f"{dkim.selector}._domainkey.{dkim.domain}" if dkim.domain else "keine"),
        ("Ungewisse Zustellungen", "werden wiederholt" if delivery.on_unknown == "retry" else "bleiben liegen"),
    ]


def _privacy(app: App) -> Facts:
    privacy = app.settings.privacy
    return [
        ("Unbestätigte Anmeldungen", f"werden nach {privacy.unconfirmed_days} Tagen gelöscht"),
        ("Nachweise der Einwilligung", f"bleiben {privacy.evidence_years} Jahre nach dem Ende"),
        ("IP-Adressen", "werden gespeichert" if privacy.store_ip else "werden nicht gespeichert"),
    ]


def _newsletter(newsletter: Newsletter) -> Facts:
    unapproved = "wird zurückgehalten" if newsletter.if_unapproved == "hold" else "geht trotzdem hinaus"
    approval = f"nötig; ohne sie {unapproved}" if newsletter.approval == "required" else "nicht nötig"
    late = "ausgelassen" if newsletter.late == "skip" else f"bis {newsletter.late_window_hours} Stunden nachgeholt"
    return [
        ("Kürzel", newsletter.slug),
        ("Listen", ", ".join(newsletter.lists)),
        ("Segment", newsletter.segment or "alle"),
        ("Quellen", ", ".join(newsletter.sources) or "alle"),
        ("Vorlage", newsletter.template),
        ("Artikel", f"höchstens {newsletter.max_articles}, aus {newsletter.lookback_hours} Stunden"),
        ("Freigabe", approval),
        ("Verspätete Ausgabe", f"wird {late}"),
        ("Ohne Artikel", "entfällt die Ausgabe" if newsletter.empty == "skip" else "erscheint sie trotzdem"),
    ]
