"""Settings out of a backup, for a machine that has none yet."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from digest.errors import StorageError
from digest.storage import backup_file


def restore_settings(file: Path, place: Path) -> bool:
    """Put the settings file of the backup at `place`, where there is none; whether it was. Raises StorageError."""
    if place.exists():
        return False
    try:
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=_nearest(place)) as folder:
            backup_file.unpack_backup(file, Path(folder))
            settings = Path(folder) / backup_file.SETTINGS
            if not settings.is_file():
                return False
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(settings, place)
    except OSError as problem:
        raise StorageError(f"{place} cannot be restored: {problem.strerror or problem}.") from problem
    return True


def _nearest(place: Path) -> Path:
    """The first folder above that is there."""
    return next(folder for folder in place.absolute().parents if folder.is_dir())
