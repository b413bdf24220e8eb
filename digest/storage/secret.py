"""The site's secret, which signs tokens and hides erased addresses. Lost, every link in every sent mail is dead."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from digest.errors import StorageError

_OCTETS = 32


def read_secret(path: Path) -> bytes:
    """The secret in `path`, made at random with mode 0600 where there is none. Raises StorageError."""
    try:
        secret = _checked(path, path.read_text("ascii"))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)  # copied or restored with a lax mode; a secret is its owner's alone
        return secret
    except FileNotFoundError:
        return _create(path)
    except (OSError, UnicodeDecodeError) as problem:
        raise StorageError(f"The secret in {path} cannot be read: {problem}.") from problem


def _create(path: Path) -> bytes:
    text = secrets.token_hex(_OCTETS)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link instead of a rename: of two processes that begin at once, the second keeps the first's secret.
        try:
            os.link(draft, path)
        except FileExistsError:
            text = path.read_text("ascii")
        finally:
            draft.unlink()
    except OSError as problem:
        raise StorageError(f"The secret {path} cannot be made: {problem.strerror}.") from problem
    return _checked(path, text)


def _checked(path: Path, text: str) -> bytes:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) < _OCTETS:
        raise StorageError(f"The secret in {path} is damaged; restore it from a backup, or every sent link is dead.")
    return secret
