"""What does a server answer? Records with the fields of the wire; fields of later versions are left out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, TypeVar

from ._errors import OpenMemoryError, error_of

T = TypeVar("T")


def _known(kind: type[T], fields: Mapping[str, Any]) -> T:
    names = {known.name for known in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in fields.items() if name in names})


@dataclass
class Memory:
    """A memory as it is now, or as it was in one of its versions. Times are ISO 8601 in UTC."""

    id: str
    content: str
    tags: list[str]
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    version: int
    sectors: list[str]
    primary_sector: str
    salience: float
    immutable: bool = False
    user_id: Optional[str] = None
    agent_id: Optional[str] = None
    app_id: Optional[str] = None
    run_id: Optional[str] = None
    expires_at: Optional[str] = None
    feedback: Optional[str] = None
    feedback_reason: Optional[str] = None
    #: Only of a deleted memory.
    deleted_at: Optional[str] = None
    #: Only of one that adding has found: it had the text already.
    existed: bool = False

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Memory:
        return _known(cls, fields)


@dataclass
class MemoryMatch(Memory):
    """A search hit."""

    score: float = 0.0
    similarity: float = 0.0
    path: list[str] = field(default_factory=list)
    explain: Optional[dict[str, Any]] = None

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> MemoryMatch:
        return _known(cls, fields)


@dataclass
class MemoryPage:
    memories: list[Memory]
    #: Pass it as ``cursor`` for the next page; none on the last one.
    next_cursor: Optional[str] = None

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> MemoryPage:
        return cls([Memory.read(item) for item in answer["items"]], answer.get("next_cursor"))


@dataclass
class Change:
    """One field that a version changed."""

    field: str
    before: Any = None
    after: Any = None


@dataclass
class MemoryVersion:
    """One version of a memory, with what made it and what it changed."""

    id: str
    version: int
    event: str
    content: str
    tags: list[str]
    metadata: dict[str, Any]
    sectors: list[str]
    primary_sector: str
    created_at: str
    updated_at: str
    changes: list[Change]
    actor: Optional[str] = None
    reason: Optional[str] = None
    restored_from: Optional[int] = None
    expires_at: Optional[str] = None

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> MemoryVersion:
        version = _known(cls, fields)
        version.changes = [Change(c["field"], c.get("from"), c.get("to")) for c in fields["changes"]]
        return version


@dataclass
class Waypoint:
    """A link to another memory."""

    id: str
    weight: float
    created_at: str
    updated_at: str

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Waypoint:
        return _known(cls, fields)


@dataclass
class ItemResult:
    """What became of one item of a batch: a memory, or an error and the id that the item named."""

    ok: bool
    memory: Optional[Memory] = None
    id: Optional[str] = None
    error: Optional[OpenMemoryError] = None

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> ItemResult:
        if item["ok"]:
            return cls(True, memory=Memory.read(item["memory"]), id=item["memory"]["id"])
        return cls(False, id=item.get("id"), error=error_of(item["error"]))


@dataclass
class DeleteSummary:
    """What a deletion by condition removed."""

    deleted: int
    ids: list[str]


@dataclass
class MemoryChange:
    """A committed change: ``ADD``, ``UPDATE``, ``RESTORE`` or ``DELETE``."""

    event: str
    id: str
    #: The version that the change made; of a ``DELETE`` the last one.
    version: int
    at: str
    #: Pass it as ``since`` to go on behind this change.
    cursor: str
    #: As the change left it; none with ``DELETE``.
    memory: Optional[Memory] = None

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> MemoryChange:
        change = _known(cls, fields)
        if "memory" in fields:
            change.memory = Memory.read(fields["memory"])
        return change


@dataclass
class ExportSummary:
    """What a file holds."""

    memories: int
    versions: int
    tombstones: int
    bytes: int


@dataclass
class LineError:
    """A memory of a file that was not imported."""

    line: int
    id: str
    error: OpenMemoryError


@dataclass
class ImportSummary:
    """What an import has done."""

    imported: int
    replaced: int
    skipped: int
    tombstones: int
    failed: int
    #: The first 1000 of those that failed.
    errors: list[LineError]

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> ImportSummary:
        summary = _known(cls, fields)
        summary.errors = [LineError(e["line"], e["id"], error_of(e["error"])) for e in fields["errors"]]
        return summary


@dataclass
class BackupSummary:
    """What a backup holds."""

    memories: int
    bytes: int

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> BackupSummary:
        return _known(cls, fields)


class Unset:
    """Stands for what is not given, where None means something."""


UNSET = Unset()

