"""digest doctor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import counted, print_json, print_table, say
from digest.errors import DigestError
from subscribers.errors import SubscribersError

if TYPE_CHECKING:
    from digest.deliver.base import Backend
    from digest.tasks.diagnosis import Check, Diagnosis

_MUST_BE_MENDED = 3
#: What only matters once mail leaves the machine.
_ONCE_IT_LEAVES = frozenset({"imprint", "site", "SPF", "DKIM", "DMARC", "MX", "PTR"})


@click.command("doctor")
@click.option("--send-to", metavar="ADDRESS", help="Also send a test message of a few lines there.")
@click.option("--resolver", metavar="ADDRESS[:PORT]", default="", help="Ask this name server. [default: the system's]")
@click.option("--only", metavar="CHECK", multiple=True, help="Only this check; may be given more than once.")
@click.option("--offline", is_flag=True, help="Leave out what asks other machines.")
@json_option
@with_app
def command(app: App, send_to: str | None, resolver: str, only: tuple[str, ...], offline: bool, as_json: bool) -> int:
    """Look at everything that an edition needs to arrive; say what to mend, and how. Nothing is changed.

    Checks are database, files, disk, imprint, templates, alerts, clock, bounces, backend and DNS. Exits 3 where
    something must be mended. While `delivery.backend` lets nothing leave the machine, what readers and other mail
    servers would miss is only warned of.
    """
    from digest.tasks.diagnosis import Level, examine

    checks = [*_here(app), *([] if offline else _elsewhere(app, resolver))]
    unknown = set(only) - {about for about, _ in checks}
    if unknown:
        names = ", ".join(about for about, _ in checks)
        raise click.UsageError(f"There is no check {sorted(unknown)[0]!r}; there are {names}.")
    checks = [check for check in checks if not only or check[0] in only]
    if send_to:
        checks.append(("test message", lambda: _send(app, send_to)))
    findings = list(_in_proportion(app, examine(checks)))
    errors, warnings = (sum(each.level is level for each in findings) for level in (Level.ERROR, Level.WARNING))
    if as_json:
        print_json({"errors": errors, "warnings": warnings, "findings": findings})
    else:
        _show(findings)
        say(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}.")
    return _MUST_BE_MENDED if errors else 0


def _here(app: App) -> Iterator[tuple[str, Check]]:
    from digest.tasks import check_identity, check_machine

    settings = app.settings
    places = app.places
    private = [places.secret, *(each for each in (places.database, places.dkim_key) if each)]
    alerts = settings.alerts
    told = [f"alerts.{key}" for key in ("mail_to", "webhook_url", "heartbeat_url") if getattr(alerts, key)]
    yield "database", lambda: check_machine.check_database(settings.database.url, places.database)
    yield "files", lambda: check_machine.check_modes(private)
    yield "disk", lambda: _check_disk(app)
    yield "imprint", lambda: check_identity.check_site(settings.site, app.header_senders)
    yield "templates", lambda: _check_templates(app)
    yield "alerts", lambda: check_identity.check_alerts(told)


def _elsewhere(app: App, resolver: str) -> Iterator[tuple[str, Check]]:
    from digest.tasks import check_identity, check_machine
    from digest.tasks.check_backend import check_backend
    from digest.tasks.dns_check import check_dns
    from digest.tasks.dns_lookup import Lookup
    from digest.tasks.sending_identity import envelope_senders

    settings = app.settings
    lookup = Lookup(resolver)
    market = settings.market
    urls = [source.url for source in settings.sources if source.url]
    urls += [getattr(market, name).base_url for name in market.providers if name != "sample"]
    bounces = settings.bounces
    has_mailbox = bounces.maildir or bounces.imap_host
    yield "clock", lambda: check_machine.check_clock(urls, settings.gather.allow_networks)
    yield (
        "bounces",
        lambda: check_identity.check_bounces(
            bounces, app.bounce_mailbox() if has_mailbox else None, settings.delivery.bounce_domain
        ),
    )
    senders = envelope_senders(settings.delivery, app.header_senders)
    yield "backend", lambda: check_backend(_backend(app), settings.delivery, app.environ, senders)
    yield "DNS", lambda: check_dns(app.sending_identity(), lookup)


def _backend(app: App) -> Callable[[], Backend]:
    """The backend of the settings, whatever the imprint: that is another finding."""
    from digest.deliver.backends import make_backend

    return lambda: make_backend(app.settings.delivery, app.environ, sample_imprint=False, where=str(app.path))


def _check_disk(app: App) -> Iterator[Diagnosis]:
    from digest.tasks.check_machine import check_disk

    delivery, database = app.settings.delivery, app.places.database
    as_files = delivery.backend in ("maildir", "eml")
    folders = {"database": database.parent if database else app.pictures_folder}
    if as_files:
        folders["messages"] = Path(delivery.path)
    yield from check_disk(folders, _recipients(app), as_files=as_files)


def _recipients(app: App) -> int:
    """How many people a day's editions go to; 0 where that cannot be known, which the other checks say."""
    if app.places.database is not None and not app.places.database.is_file():
        return 0
    try:
        return sum(app.count_recipients(newsletter) for newsletter in app.settings.newsletters)
    except (DigestError, SubscribersError):
        return 0


def _check_templates(app: App) -> Iterator[Diagnosis]:
    from digest.tasks.check_edition import check_letters, check_newsletters
    from digest.tasks.diagnosis import error, ok

    newsletters = app.newsletters()
    findings = check_newsletters(newsletters, app.recipe, app.today(), str(app.path))
    findings += check_letters(newsletters[0], app.recipe, app.today())
    faults = sum(finding.level == "error" for finding in findings)
    if faults:
        yield error("templates", f"Looks and letters have {counted(faults, 'fault')}.", "`digest check` shows them.")
    else:
        yield ok("templates", "Looks and letters have no faults.")


def _send(app: App, address: str) -> Iterator[Diagnosis]:
    from digest.deliver.dkim_keys import load_signer
    from digest.tasks.send_trial import send_trial
    from digest.tasks.sending_identity import envelope_senders

    backend = app.backend()
    [envelope_sender, *_] = envelope_senders(app.settings.delivery, app.header_senders)
    signer = None if getattr(backend, "signs", False) else load_signer(app.settings.dkim, str(app.path))
    return send_trial(
        backend, app.settings.site, address, envelope_sender=envelope_sender, signer=signer, now=app.clock()
    )


def _in_proportion(app: App, findings: Iterable[Diagnosis]) -> Iterator[Diagnosis]:
    """While nothing leaves the machine, what others would miss need not be mended yet."""
    from msgspec.structs import replace

    from digest.deliver.backends import HARMLESS
    from digest.tasks.diagnosis import Level

    harmless = app.settings.delivery.backend in HARMLESS
    for each in findings:
        waits = harmless and each.level is Level.ERROR and each.about in _ONCE_IT_LEAVES
        yield replace(each, level=Level.WARNING) if waits else each


def _show(findings: list[Diagnosis]) -> None:
    rows = [(each.level, each.about, each.sentence, each.remedy) for each in findings]
    print_table(("", "What", "How it is", "Remedy"), rows, empty="There is nothing to look at.")
    for each in findings:
        if each.record:
            say(f"Record for {each.about}:\n\n    {each.record}\n")
