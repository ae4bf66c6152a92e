"""Writing files: whole or not at all, and found out to be impossible before the work, not after."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from jensen.basics.arguments import require_path
from jensen.basics.errors import DataError, one_line


def check_writable(path: str | os.PathLike[str]) -> None:
    """Refuse a path that `write_file` could not write; nothing at the path is touched.

    Raises
    ------
    DataError
        For a folder that is missing or closed to us, a path that is a directory, or a read-only file.

    Examples
    --------
    >>> from jensen.basics.writing import check_writable
    >>> check_writable("nowhere/model.json")
    Traceback (most recent call last):
    ...
    jensen.basics.errors.DataError: cannot write nowhere/model.json: the folder nowhere does not exist
    """
    require_path(path)
    target = _target(path)
    if target.is_dir():
        raise DataError(f"cannot write {path}: it is a directory; give the name of a file in it")
    if not target.parent.is_dir():
        raise DataError(f"cannot write {path}: the folder {Path(path).parent} does not exist")
    if target.exists() and not _may_write(target):
        raise DataError(f"cannot write {path}: the file is read-only")
    if _is_special(target):
        return
    try:
        temporary, handle = _temporary(target)
        os.close(handle)
        temporary.unlink()
    except OSError as error:
        raise DataError(f"cannot write {path}: {_reason(error)}") from None


def write_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file under a temporary name in the same folder, then move it into place.

    A file that was there keeps its permissions, and stays as it was if anything fails. A symbolic link stays
    a link; a device or a pipe is written to directly.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    check_writable(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    target = _target(path)
    try:
        if _is_special(target):
            target.write_bytes(data)
        else:
            _replace(target, data)
    except BrokenPipeError:  # whoever read has gone
        raise
    except OSError as error:
        raise DataError(f"cannot write {path}: {_reason(error)}") from None


def _replace(target: Path, data: bytes) -> None:
    temporary, handle = _temporary(target)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _temporary(target: Path) -> tuple[Path, int]:
    """A new file beside the target with the permissions that any new file has, and its handle."""
    temporary = target.parent / f".jensen-{os.urandom(6).hex()}.tmp"
    return temporary, os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)


def _target(path: str | os.PathLike[str]) -> Path:
    """What a link leads to; a pipe or a device as it is named: it may have no other name."""
    try:
        is_special = _is_special(Path(path))
        return Path(path) if is_special else Path(os.path.realpath(path))
    except (OSError, ValueError, RuntimeError) as error:  # a name that is too long, or has a NUL; a loop
        reason = _reason(error) if isinstance(error, OSError) else one_line(error)
        raise DataError(f"cannot write {str(path)[:200]!r}: {reason}") from None


def _is_special(target: Path) -> bool:
    return target.exists() and not target.is_file() and not target.is_dir()


def _may_write(target: Path) -> bool:
    """Also for root, whom the system would let through: read-only says that a file is to stay."""
    writable_by_anyone = stat.S_IMODE(target.stat().st_mode) & 0o222
    return bool(writable_by_anyone) and os.access(target, os.W_OK)


def _reason(error: OSError) -> str:
    return (error.strerror or one_line(error)).lower()
