"""Every error of the package in one tree; each message is a sentence for the person who has to act.

DigestError                      exit 1
├── UsageError                   exit 2   wrong usage, or a name that does not exist
│   ├── SettingsError            exit 2   a setting is unknown or mistyped; names key and file
│   ├── NotFoundError            exit 2   a newsletter, list, edition or address that is not there
│   ├── SignUpError              exit 2   a reader gave a text that is no address
│   └── EditRefusedError         exit 2   an edit that cannot be made; in German, for the editor who tried
├── HeldBackError                exit 3   a check or a missing approval stands in the way
├── SourceError                  exit 1   one source gave nothing; the edition goes out without it
├── FetchError                   exit 1   one address or file could not be read, or may not be
├── MarketError                  exit 1   one provider gave no sane prices
├── MailboxError                 exit 1   the mailbox that bounces come to cannot be read
├── WebhookRefusedError          exit 1   a notification that is not genuine, or not for us
├── TemplateError                exit 1   a template cannot be compiled; names file and line
├── StorageError                 exit 1   the database cannot be opened, or is of a newer version
│   ├── OutdatedDatabaseError    exit 2   the database is of an older version; names `digest migrate`
│   └── SenderBusyError          exit 1   another sender is at work on this database
├── TooManyTriesError            exit 1   somebody tried to sign in too often; says how long to wait
├── StepError                    exit 1   a state was asked to take a step it does not allow
│   └── ConflictError            exit 1   somebody else changed the same thing since; carries what
└── DeliveryError                exit 1   a backend cannot be used at all
    ├── UnreachableError         exit 1   no relay can be used for now; the next sender goes on by itself
    ├── QuotaError               exit 1   our own limits are used up; says when there is room again
    └── PausedError              exit 1   the sender's fault: sending stops, nobody is blamed
"""

from __future__ import annotations

from datetime import datetime


class DigestError(Exception):
    """The root. `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(DigestError):
    """The command was used wrongly."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown, mistyped or contradictory."""

    def __init__(self, key: str, problem: str, where: str) -> None:
        self.key, self.problem, self.where = key, problem, where
        super().__init__(f"{where}: setting `{key}`: {problem}")


class NotFoundError(UsageError):
    """A name that does not exist; `where` says where it was looked for."""

    def __init__(self, kind: str, name: object, where: str) -> None:
        self.kind, self.name, self.where = kind, name, where
        super().__init__(f"There is no {kind} {name!s} {where}.")


class SignUpError(UsageError):
    """A reader gave a text that is no address; `address` is shortened and printable."""

    def __init__(self, address: str, problem: str) -> None:
        self.address, self.problem = address, problem
        super().__init__(f"{address} is not an e-mail address that can be used: {problem}")


class EditRefusedError(UsageError):
    """An edit that cannot be made. The message is in German, for the editor who tried."""


class PasswordError(UsageError):
    """A text that an editor cannot have as a password; `rule` is short, long, plain or own."""

    def __init__(self, rule: str, problem: str) -> None:
        self.rule, self.problem = rule, problem
        super().__init__(f"This cannot be the password: {problem}.")


class HeldBackError(DigestError):
    """Something that is meant to protect the readers stands in the way."""

    exit_code = 3


class SourceError(DigestError):
    """One source gave nothing."""

    def __init__(self, source: str, problem: str) -> None:
        self.source, self.problem = source, problem
        super().__init__(f"Source {source}: {problem}")


class FetchError(DigestError):
    """One address or file could not be read, or may not be; `retry_after` in seconds where it is worth another try.

    `status` is what an HTTP server answered, 0 where none did.
    """

    def __init__(self, url: str, problem: str, *, retry_after: float | None = None, status: int = 0) -> None:
        self.url, self.problem, self.retry_after, self.status = url, problem, retry_after, status
        super().__init__(f"{url} {problem}")


class MarketError(DigestError):
    """One provider gave no sane prices."""

    def __init__(self, provider: str, problem: str) -> None:
        self.provider, self.problem = provider, problem
        super().__init__(f"Prices from {provider}: {problem}")


class MailboxError(DigestError):
    """The mailbox that bounces come to cannot be read."""


class WebhookRefusedError(DigestError):
    """A notification by a mail service that is not genuine, or not for us."""


class TemplateError(DigestError):
    """A template cannot be compiled."""

    def __init__(self, file: str, line: int | None, problem: str) -> None:
        self.file, self.line, self.problem = file, line, problem
        super().__init__(f"{file}{f', line {line}' if line else ''}: {problem}")


class StorageError(DigestError):
    """The database cannot be used."""


class OutdatedDatabaseError(StorageError):
    """The database is of an older version than the program."""

    exit_code = 2


class SenderBusyError(StorageError):
    """Another sender is at work on this database."""


class TooManyTriesError(DigestError):
    """Somebody tried to sign in too often; `seconds` is the longest that they have to wait."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"There were too many tries to sign in; try again in {seconds // 60} minutes.")


class StepError(DigestError):
    """A state was asked to take a step that its table does not allow."""


class ConflictError(StepError):
    """Somebody else changed the same part of an edition since `based_on`; `changes` says in German who and what.

    `revision` is the newest one now.
    """

    def __init__(self, number: int, based_on: int, revision: int, changes: tuple[str, ...]) -> None:
        self.number, self.based_on, self.revision, self.changes = number, based_on, revision, changes
        super().__init__("Die Ausgabe wurde inzwischen an derselben Stelle geändert: " + " ".join(changes))


class DeliveryError(DigestError):
    """A backend cannot be used at all."""


class UnreachableError(DeliveryError):
    """Every way out is down for now. Nobody is blamed, nothing has to be decided: whoever sends next goes on."""


class QuotaError(DeliveryError):
    """Every way out has reached a limit of its own: nothing is wrong, and sending goes on at `until`."""

    def __init__(self, until: datetime, why: str) -> None:
        self.until, self.why = until, why
        super().__init__(f"{why}; there is room again at {until:%Y-%m-%d %H:%M:%S} UTC")


class PausedError(DeliveryError):
    """The sender's fault: sending stops until somebody mends it."""
