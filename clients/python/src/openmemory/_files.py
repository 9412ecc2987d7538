"""How is an export written to a file, and a file sent? An export goes to a temporary file next to its target and is
renamed when it is complete."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from types import TracebackType
from typing import IO, Any, AsyncIterator, Iterator, Optional, Union

from ._errors import OpenMemoryError, invalid
from ._records import ExportSummary

Path = Union[str, "os.PathLike[str]"]

_CHUNK_BYTES = 1 << 20
_TAIL_BYTES = 4096


class ExportFile:
    """The target of an export. It appears only when the export is complete."""

    def __init__(self, file: Path) -> None:
        self._file = os.path.abspath(path_of(file))
        # A pipe or a device cannot be replaced, so the complete export is copied into it.
        self._special = os.path.exists(self._file) and not os.path.isfile(self._file)
        self._bytes = 0
        self._tail = b""
        if os.path.isdir(self._file):
            raise invalid("file", "is a directory; name a file in it")
        if not self._special:
            # Replace the target of a symbolic link, not the link.
            self._file = os.path.realpath(self._file)
        try:
            folder = None if self._special else os.path.dirname(self._file)
            handle, self._temporary = tempfile.mkstemp(prefix=".openmemory-export-", dir=folder)
        except FileNotFoundError:
            raise invalid("file", "is in a directory that does not exist; make it first") from None
        except OSError as cause:
            raise file_error(cause) from cause
        self._open: IO[bytes] = os.fdopen(handle, "wb")

    def write(self, chunk: bytes) -> None:
        try:
            self._open.write(chunk)
        except OSError as cause:
            raise file_error(cause) from cause
        self._bytes += len(chunk)
        self._tail = (self._tail + chunk)[-_TAIL_BYTES:]

    def finish(self) -> ExportSummary:
        """Put the file in place and return the summary in its last line, without which the export is incomplete."""
        last = self._tail.rstrip().rpartition(b"\n")[2]
        if not last.startswith(b'{"end":true'):
            raise OpenMemoryError("UNAVAILABLE", "the export was cut off")
        try:
            self._open.flush()
            os.fsync(self._open.fileno())
            self._open.close()
            if self._special:
                with open(self._temporary, "rb") as source, open(self._file, "wb") as target:
                    shutil.copyfileobj(source, target, _CHUNK_BYTES)
            else:
                os.replace(self._temporary, self._file)
                _sync_directory(os.path.dirname(self._file))
        except OSError as cause:
            raise file_error(cause) from cause
        summary: dict[str, Any] = json.loads(last)
        return ExportSummary(summary["memories"], summary["versions"], summary["tombstones"], self._bytes)

    def __enter__(self) -> ExportFile:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        try:
            self._open.close()
        finally:
            if os.path.exists(self._temporary):
                os.unlink(self._temporary)


def chunks(file: Path) -> Iterator[bytes]:
    try:
        with open(file, "rb") as opened:
            while chunk := opened.read(_CHUNK_BYTES):
                yield chunk
    except OSError as cause:
        raise file_error(cause) from cause


async def async_chunks(file: Path) -> AsyncIterator[bytes]:
    source = chunks(file)
    while chunk := await asyncio.to_thread(next, source, b""):
        yield chunk


def size_of(file: Path) -> int:
    if not os.path.isfile(path_of(file)):
        raise invalid("file", "must be a file of this machine")
    return os.path.getsize(file)


def path_of(file: Path) -> str:
    """The path of a file; rejects file descriptors and other values that `open` accepts."""
    try:
        name = os.fsdecode(file)
    except TypeError:
        raise invalid("file", f"must be the path of a file, not {type(file).__name__}") from None
    if name == "" or "\0" in name:
        raise invalid("file", "must be the path of a file")
    return name


def file_error(cause: OSError) -> OpenMemoryError:
    return OpenMemoryError("IO", f"the file could not be used: {cause}")


def _sync_directory(directory: str) -> None:
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
