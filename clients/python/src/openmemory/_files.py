"""How does an export become a file, and how is a file sent? Written beside the file that it will be, and renamed when it
is whole."""

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

_CHUNK = 1 << 20
_TAIL = 4096


class Saving:
    """A file that gets its name when all of it is there."""

    def __init__(self, file: Path) -> None:
        self._file = os.path.abspath(named(file))
        # A pipe or a device stays what it is: what would be its new content is copied into it.
        self._special = os.path.exists(self._file) and not os.path.isfile(self._file)
        self._bytes = 0
        self._tail = b""
        if os.path.isdir(self._file):
            raise invalid("file", "is a directory; name a file in it")
        if not self._special:
            # Of a link, the target gets the export.
            self._file = os.path.realpath(self._file)
        try:
            folder = None if self._special else os.path.dirname(self._file)
            handle, self._temporary = tempfile.mkstemp(prefix=".openmemory-export-", dir=folder)
        except FileNotFoundError:
            raise invalid("file", "is in a directory that does not exist; make it first") from None
        except OSError as cause:
            raise unusable(cause) from cause
        self._open: IO[bytes] = os.fdopen(handle, "wb")

    def write(self, chunk: bytes) -> None:
        try:
            self._open.write(chunk)
        except OSError as cause:
            raise unusable(cause) from cause
        self._bytes += len(chunk)
        self._tail = (self._tail + chunk)[-_TAIL:]

    def finish(self) -> ExportSummary:
        """What the last line says. Without it something is missing."""
        last = self._tail.rstrip().rpartition(b"\n")[2]
        if not last.startswith(b'{"end":true'):
            raise OpenMemoryError("UNAVAILABLE", "the export was cut off")
        try:
            self._open.flush()
            os.fsync(self._open.fileno())
            self._open.close()
            if self._special:
                with open(self._temporary, "rb") as whole, open(self._file, "wb") as target:
                    shutil.copyfileobj(whole, target, _CHUNK)
            else:
                os.replace(self._temporary, self._file)
                _sync_directory(os.path.dirname(self._file))
        except OSError as cause:
            raise unusable(cause) from cause
        told: dict[str, Any] = json.loads(last)
        return ExportSummary(told["memories"], told["versions"], told["tombstones"], self._bytes)

    def __enter__(self) -> Saving:
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
            while chunk := opened.read(_CHUNK):
                yield chunk
    except OSError as cause:
        raise unusable(cause) from cause


async def chunks_to_await(file: Path) -> AsyncIterator[bytes]:
    whole = chunks(file)
    while chunk := await asyncio.to_thread(next, whole, b""):
        yield chunk


def size_of(file: Path) -> int:
    if not os.path.isfile(named(file)):
        raise invalid("file", "must be a file of this machine")
    return os.path.getsize(file)


def named(file: Path) -> str:
    """The path of a file, which nothing else that `open` takes is."""
    try:
        name = os.fsdecode(file)
    except TypeError:
        raise invalid("file", f"must be the path of a file, not {type(file).__name__}") from None
    if name == "" or "\0" in name:
        raise invalid("file", "must be the path of a file")
    return name


def unusable(cause: OSError) -> OpenMemoryError:
    return OpenMemoryError("IO", f"the file could not be used: {cause}")


def _sync_directory(directory: str) -> None:
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
