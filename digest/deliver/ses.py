"""Amazon SES over its API (v2), by boto3, which comes with the extra `newsroom-digest[ses]`.

SES writes Date, Message-ID, Feedback-ID and the envelope sender itself and signs for the domain (Easy DKIM), so a
signature of ours would not survive, and bounces come to an address of SES. Its own id is in the outcome's reply.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from digest.deliver.envelope import needs_smtputf8, wire_address
from digest.deliver.replies import Reason, printable
from digest.deliver.settings import DeliverySettings, SesSettings
from digest.errors import PausedError, SettingsError
from digest.model.delivery import DeliveryState, Message, Outcome, SkipReason

_CONNECT_SECONDS, _REPLY_SECONDS = 10, 60
#: How long a message waits after each "too fast", in seconds, before it is deferred.
WAITS = (0.25, 0.5, 1.0, 2.0, 4.0)


class _Rule(NamedTuple):
    """Patterns that have to fit the whole code, the whole HTTP status, and somewhere the words."""

    code: str
    status: str
    words: str
    state: DeliveryState | None  # None: our own fault, sending pauses
    reason: str = ""


_S = DeliveryState
#: The first rule that fits is the answer.
RULES: tuple[_Rule, ...] = (
    _Rule(r"TooManyRequests.*|.*Thrott.*|LimitExceeded.*", r"...", r"", _S.DEFERRED, Reason.TEMPORARY),
    # In the sandbox it may be the recipient who is not verified: then nobody else is, either.
    _Rule(r"MessageRejected", r"...", r"(?i)not verified|authority|paused|suspended", None),
    _Rule(r"MessageRejected", r"...", r"", _S.REJECTED, Reason.CONTENT),
    _Rule(r"BadRequest.*", r"...", r"(?i)address|domain", _S.REJECTED, Reason.REFUSED),
    _Rule(r"BadRequest.*", r"...", r"", _S.REJECTED, Reason.CONTENT),
    _Rule(r".*", r"408|429|503", r"", _S.DEFERRED, Reason.TEMPORARY),
    _Rule(r".*", r"5..", r"", _S.UNKNOWN, Reason.BROKEN_OFF),
    _Rule(r".*", r"...", r"", None),
)


class SesBackend:
    """boto3 waits in threads, one per connection, and repeats no request: the first may have been taken."""

    #: The messages are signed where they go: no signature of ours is to be put before them.
    signs = True

    def __init__(
        self, settings: DeliverySettings, environ: Mapping[str, str], *, waits: Sequence[float] = WAITS
    ) -> None:
        if settings.envelope == "verp":
            problem = "SES sets the envelope sender itself, so it cannot be one per delivery; write fixed"
            raise SettingsError("delivery.envelope", problem, "[delivery]")
        self.connections = settings.ses.connections
        self.waits = waits
        self.client, self._region = _make_client(settings.ses, environ)
        self._configuration_set = settings.ses.configuration_set

    def connect(self) -> SesConnection:
        return SesConnection(self)

    def where(self) -> str:
        return f"Amazon SES in {self._region}"

    def send(self, rcpt_to: str, data: bytes) -> str:
        """SES's own id of the message, "" where the answer was none of SES. Blocks; raises what boto3 raises."""
        configuration = {"ConfigurationSetName": self._configuration_set} if self._configuration_set else {}
        answer = self.client.send_email(
            Destination={"ToAddresses": [rcpt_to]}, Content={"Raw": {"Data": data}}, **configuration
        )
        return printable(str(answer.get("MessageId", "")))


class SesConnection:
    def __init__(self, backend: SesBackend) -> None:
        self._backend = backend
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ses")

    async def submit(self, message: Message) -> Outcome:
        """See `Connection.submit`. A rate that is too high is waited for, a quota of the day is left to the loop."""
        try:
            rcpt_to = wire_address(message.rcpt_to)
        except ValueError as wrong:
            return Outcome(state=DeliveryState.REJECTED, reason=Reason.BAD_ADDRESS, reply=str(wrong))
        if needs_smtputf8(rcpt_to, message.data.partition(b"\r\n\r\n")[0]):
            return Outcome(state=DeliveryState.SKIPPED, reason=SkipReason.NEEDS_SMTPUTF8)
        for wait in (*self._backend.waits, None):
            outcome = await self._send(rcpt_to, message.data)
            too_fast = outcome.reason == Reason.TEMPORARY and "rate" in outcome.reply
            if not too_fast or wait is None:
                break
            await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311, only so that not all come back at once
        return outcome

    async def close(self) -> None:
        self._thread.shutdown(wait=False)

    async def _send(self, rcpt_to: str, data: bytes) -> Outcome:
        from botocore import exceptions as fault  # type: ignore[import-untyped]
        from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

        call = asyncio.get_running_loop().run_in_executor(self._thread, self._backend.send, rcpt_to, data)
        try:
            taken_as = await call
        except fault.ClientError as refused:
            return outcome_of(refused.response)
        except (fault.EndpointConnectionError, fault.ConnectTimeoutError, fault.ProxyConnectionError) as problem:
            return Outcome(state=DeliveryState.DEFERRED, reason=Reason.CONNECTION, reply=printable(str(problem)))
        except fault.SSLError as problem:
            # Only what goes wrong while it is being set up is surely from before the message.
            if re.search(r"(?i)verif|handshake|version|alert", str(problem)):
                raise _paused(str(problem)) from problem
            return _in_doubt(str(problem))
        except (fault.HTTPClientError, fault.IncompleteReadError, ResponseParserError) as problem:
            return _in_doubt(str(problem))
        except fault.BotoCoreError as problem:  # credentials, region, parameters: nothing has left yet
            raise _paused(str(problem)) from problem
        if not taken_as:
            return _in_doubt("the answer names no message; is delivery.ses.endpoint_url right?")
        return Outcome(state=DeliveryState.SUBMITTED, reply=taken_as)


def outcome_of(response: Mapping[str, Any]) -> Outcome:
    """The outcome that an error response of boto3 means. Raises PausedError where the sender is at fault."""
    error = response.get("Error", {})
    code, words = str(error.get("Code", "")), str(error.get("Message", ""))
    status = str(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    rule = next(
        rule
        for rule in RULES
        if re.fullmatch(rule.code, code, re.DOTALL)
        and re.fullmatch(rule.status, status)
        and re.search(rule.words, words)
    )
    if rule.state is None:
        raise _paused(f"{code}: {words}")
    return Outcome(state=rule.state, reason=rule.reason, reply=printable(f"{status} {code} {words}"))


def _in_doubt(problem: str) -> Outcome:
    return Outcome(state=DeliveryState.UNKNOWN, reason=Reason.BROKEN_OFF, reply=printable(problem))


def _paused(problem: str) -> PausedError:
    return PausedError(
        f"Amazon SES: {printable(problem)} That is about us, not about a recipient, so nobody was marked. "
        "Mend it, then run `digest send --resume`."
    )


def _make_client(settings: SesSettings, environ: Mapping[str, str]) -> tuple[Any, str]:
    """A client, which opens no connection yet, and its region. Raises SettingsError."""
    try:
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError, NoRegionError  # type: ignore[import-untyped]
    except ImportError as missing:
        needed = "ses needs boto3; run `pip install newsroom-digest[ses]`"
        raise SettingsError("delivery.backend", needed, "[delivery]") from missing
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_REPLY_SECONDS,
        max_pool_connections=settings.connections,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    region = settings.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    try:
        session = boto3.session.Session(
            aws_access_key_id=_secret("access_key_id_env", settings.access_key_id_env, environ),
            aws_secret_access_key=_secret("secret_access_key_env", settings.secret_access_key_env, environ),
            region_name=region,
        )
        client = session.client("sesv2", endpoint_url=settings.endpoint_url or None, config=config)
    except NoRegionError:
        unset = "is not set, and boto3 knows none; write it as eu-central-1"
        raise SettingsError("delivery.ses.region", unset, "[delivery.ses]") from None
    except (BotoCoreError, ValueError) as problem:
        raise SettingsError("delivery.ses", f"boto3 refuses it: {problem}", "[delivery.ses]") from problem
    return client, str(client.meta.region_name)


def _secret(setting: str, variable: str, environ: Mapping[str, str]) -> str | None:
    """What the variable holds; None where none is named, so that boto3 looks for credentials by itself."""
    if not variable:
        return None
    if not environ.get(variable):
        raise SettingsError(f"delivery.ses.{setting}", f"{variable} is not set", "the environment")
    return environ[variable]
