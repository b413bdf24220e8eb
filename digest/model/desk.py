"""What the edition desk shows: an edition with the pool beside it, and everything that was done to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from digest.model.article import Article
from digest.model.edition import Edition
from digest.model.extras import Extras


class RevisionKind(StrEnum):
    """START holds what there was before the first edit."""

    START = "start"
    EDIT = "edit"
    UNDO = "undo"
    REDO = "redo"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that became another, in German: `what` such as "Titel von „…“"; "" for what was or is not there."""

    what: str
    before: str
    after: str


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One step in the history of an edition. `touches` says what it changed, for telling conflicts."""

    number: int
    at: datetime
    who: str
    kind: RevisionKind
    summary: str
    changes: tuple[Change, ...]
    touches: tuple[str, ...]
    content_hash: str


class DeskArticle(msgspec.Struct, frozen=True, kw_only=True):
    """One article of the edition: `article` as readers get it, `original` as its source has it now.

    `edited` names the fields that an editor changed. `changed_at_source`: its source has other words than when it was
    prepared, or than when an editor rewrote it; `withdrawn`: its source does not list it any more.
    """

    key: str
    number: int
    article: Article
    original: Article
    pinned: bool
    written: bool
    section: str
    edited: tuple[str, ...] = ()
    changed_at_source: bool = False
    withdrawn: bool = False


class DeskState(msgspec.Struct, frozen=True, kw_only=True):
    """`revision` is what an edit is based on. `closed` says in German why nothing can be changed, or is empty."""

    edition: Edition
    revision: int
    articles: tuple[DeskArticle, ...]
    pinned: int
    extras: Extras
    sections: tuple[str, ...]
    can_undo: bool
    can_redo: bool
    closed: str
    warnings: tuple[str, ...] = ()


class PoolArticle(msgspec.Struct, frozen=True, kw_only=True):
    """One gathered article beside the edition; `carried`: another edition of the newsletter has it already."""

    key: str
    article: Article
    first_seen: datetime
    in_edition: bool
    dropped: bool
    carried: bool


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, the newest first, of `total` that match; and what can be filtered by."""

    articles: tuple[PoolArticle, ...]
    total: int
    sources: tuple[str, ...]
    topics: tuple[str, ...]


class Severity(StrEnum):
    """ERROR must be mended before sending, WARNING be looked at, NOTE be known."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class DeskFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One German sentence of the desk's report. `rule` is a short word for the kind of it.

    `article` is the key of the article that it is about, "" where it is about none; `place` is a template's file and
    line, a source or an address.
    """

    severity: Severity
    rule: str
    sentence: str
    article: str = ""
    place: str = ""
