"""digest serve."""

from __future__ import annotations

from contextlib import ExitStack, closing

import click

from digest.app import App
from digest.cli.options import with_app
from digest.logs import set_up_logs


@click.command("serve")
@with_app
@click.option("--host", default=None, help="Where to listen.  [default: web.host]")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="[default: web.port]")
@click.option("--no-scheduler", is_flag=True, help="Only the pages: something else runs `digest schedule`.")
def command(app: App, host: str | None, port: int | None, no_scheduler: bool) -> None:
    """Serve the newsroom and the public pages, and run the scheduler, in one process, until stopped."""
    from digest.schedule import Clock
    from digest.web.serving import address_of, listen, serve

    set_up_logs(app.settings.site.zone, app.environ)
    web = app.settings.web
    app.database.close()  # opened once: an outdated one is said before anybody is served
    with ExitStack() as until_stopped:
        listening = until_stopped.enter_context(
            closing(listen(app, host or web.host, web.port if port is None else port))
        )
        if not no_scheduler:
            clock = Clock(app)
            clock.start()
            until_stopped.callback(clock.stop)
        address = address_of(listening)
        click.echo(f"Serving at {address}, until stopped. The newsroom is at {address}/redaktion.", err=True)
        serve(app, listening)
