"""Every error of the package in one tree; each message is a sentence for the person who has to act.

SubscribersError                 exit 1
├── UsageError                   exit 2   wrong input, or a name that does not exist
│   ├── AddressError             exit 2   a text that is no e-mail address
│   ├── WrongValueError          exit 2   a value that a field does not take
│   ├── CsvFileError             exit 2   a file that cannot be read as a list of people
│   ├── ListExistsError          exit 2   a slug that is taken
│   ├── UnknownListError         exit 2   a list that is not there
│   ├── UnknownImportError       exit 2   a number that no import has
│   ├── UnknownSuppressionError  exit 2   an address or domain that is not suppressed
│   ├── UnknownSubscriberError   exit 2   an address or number that nobody has
│   ├── AddressTakenError        exit 2   a new address that is somebody else's
│   ├── SegmentError             exit 2   an expression that cannot be read; shows the place
│   ├── SegmentExistsError       exit 2   a slug that is taken
│   └── UnknownSegmentError      exit 2   a segment that is not there
├── SuppressedError              exit 1   somebody who must not be mailed, and so is not added
└── StepError                    exit 1   a state was asked to take a step it does not allow
"""

from __future__ import annotations

from datetime import datetime

#: How much of an expression is shown on either side of what is wrong in it, in characters.
_AROUND = 50


class SubscribersError(Exception):
    """The root. `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(SubscribersError):
    """The input was wrong."""

    exit_code = 2


class AddressError(UsageError):
    """A text that is no e-mail address; `address` is shortened and printable."""

    def __init__(self, address: str, problem: str) -> None:
        self.address, self.problem = address, problem
        super().__init__(f"{address} is not an e-mail address that can be used: {problem}")


class WrongValueError(UsageError):
    """A value that a field does not take; `value` is shortened and printable."""

    def __init__(self, field: str, value: str, problem: str) -> None:
        self.field, self.value, self.problem = field, value, problem
        super().__init__(f"{field} {value}: {problem}")


class CsvFileError(UsageError):
    """A file that cannot be read as a list of people at all; nothing of it was imported."""

    def __init__(self, file: str, problem: str) -> None:
        self.file, self.problem = file, problem
        super().__init__(f"{file}: {problem}")


class ListExistsError(UsageError):
    """A slug that is taken."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__(f"There is a list {slug} already.")


class UnknownListError(UsageError):
    """A list that is not in the database."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__(
            f"There is no list {slug} in the database; `digest lists list` shows which there are, "
            "`digest lists create` makes one."
        )


class UnknownImportError(UsageError):
    """A number that no import has."""

    def __init__(self, import_id: int) -> None:
        self.import_id = import_id
        super().__init__(
            f"There is no import {import_id} in the database; `digest subscribers imports` shows which there are."
        )


class UnknownSuppressionError(UsageError):
    """An address or domain that is not suppressed; `domain` is the one that is, instead of the address itself."""

    def __init__(self, target: str, domain: str = "") -> None:
        self.target, self.domain = target, domain
        instead = f" Its domain is: `digest suppressions remove @{domain}`." if domain else ""
        super().__init__(f"{target} itself is not suppressed.{instead}")


class UnknownSubscriberError(UsageError):
    """An address, or a subscriber's number, that nobody has."""

    def __init__(self, who: object) -> None:
        self.who = who
        super().__init__(f"There is no subscriber {who!s} in the database.")


class AddressTakenError(UsageError):
    """A new address that is somebody else's."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(f"{address} belongs to another subscriber; `digest subscribers show {address}` says to whom.")


class SegmentError(UsageError):
    """A segment's expression that cannot be read; `start` and `end` are the place in it, in characters."""

    def __init__(self, expression: str, problem: str, start: int, end: int) -> None:
        self.expression, self.problem, self.start, self.end = expression, problem, start, end
        super().__init__(f"{problem}\n{_pointed_at(expression, start, end)}")


class SegmentExistsError(UsageError):
    """A slug that is taken."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__(f"There is a segment {slug} already.")


class UnknownSegmentError(UsageError):
    """A segment that is not in the database."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__(
            f"There is no segment {slug} in the database; `digest segments list` shows which there are, "
            "`digest segments create` makes one."
        )


class SuppressedError(SubscribersError):
    """Somebody who must not be mailed, and so is not added."""

    def __init__(self, address: str, reason: str, since: datetime) -> None:
        self.address, self.reason, self.since = address, reason, since
        super().__init__(f"{address} is suppressed since {since:%Y-%m-%d} ({reason}) and is not added.")


class StepError(SubscribersError):
    """A state was asked to take a step that its table does not allow."""


def _pointed_at(text: str, start: int, end: int) -> str:
    """The part of `text` around the place, indented, with carets under it."""
    first = max(0, start - _AROUND)
    last = min(len(text), max(end, start + 1) + _AROUND)
    before, after = "…" * (first > 0), "…" * (last < len(text))
    carets = "^" * max(1, min(end, last) - start)
    return f"    {before}{text[first:last]}{after}\n    {' ' * (len(before) + start - first)}{carets}"
