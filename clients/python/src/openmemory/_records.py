"""What do responses contain? Records with the fields of the protocol; unknown fields of later versions are ignored."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, TypeVar, Union

from ._errors import OpenMemoryError, error_of

T = TypeVar("T")


def _known(kind: type[T], fields: Mapping[str, Any]) -> T:
    names = {known.name for known in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in fields.items() if name in names})


@dataclass
class Memory:
    """A memory, in its current or an earlier state. Times are ISO 8601, UTC, with milliseconds."""

    id: str
    content: str
    tags: list[str]
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    version: int
    sectors: list[str]
    primary_sector: str
    #: How present the memory is, 0 to 1.
    salience: float
    immutable: bool = False
    user_id: Optional[str] = None
    agent_id: Optional[str] = None
    app_id: Optional[str] = None
    run_id: Optional[str] = None
    expires_at: Optional[str] = None
    #: Since when it is true, as it was given; None if that is unknown.
    valid_from: Optional[str] = None
    #: Until when it is true; None if it still is.
    valid_to: Optional[str] = None
    #: ``ended`` or ``wrong``, after ``retire_memory``.
    retired: Optional[str] = None
    feedback: Optional[str] = None
    feedback_reason: Optional[str] = None
    #: Set only for a deleted memory.
    deleted_at: Optional[str] = None
    #: Whether an add found this memory instead of storing its text again; see ``if_exists``.
    existed: bool = False
    #: What ``apply_operations`` did: ``ADD``, ``UPDATE``, ``RESTORE``, ``RETIRE``, ``DELETE`` or ``NONE``.
    event: Optional[str] = None
    #: After a merge: the ``id`` of each memory that this one replaces, and the ``version`` that retired it.
    merged: list[dict[str, Any]] = field(default_factory=list)
    #: After ``send_feedback`` with ``correct``: what a model makes of the feedback.
    learning: Optional[dict[str, Any]] = None

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Memory:
        return _known(cls, fields)


@dataclass
class MemoryMatch(Memory):
    """A search hit."""

    #: The probability that the memory answers the query, 0 to 1.
    score: float = 0.0
    #: The cosine between the query and the closest vector of the memory, −1 to 1.
    similarity: float = 0.0
    #: The ids that lead to the hit: its own, preceded by a neighbour's if most of the score comes from that.
    path: list[str] = field(default_factory=list)
    #: With ``explain=True``: the ``value`` and ``weight`` of each feature, by name.
    explain: Optional[dict[str, Any]] = None
    #: With ``at``, ``as_of`` or ``include_history``: whether this is the newest version of the memory.
    current: Optional[bool] = None
    #: Until when this version was true, if it is not the newest one.
    until: Optional[str] = None
    #: The newest ``version`` and its ``content``, if this is another one.
    now: Optional[dict[str, Any]] = None
    #: With ``history``: the texts that were true before, newest first.
    before: Optional[list[dict[str, Any]]] = None

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> MemoryMatch:
        return _known(cls, fields)


@dataclass
class MemoryPage:
    """One page of a list."""

    memories: list[Memory]
    #: Pass it as ``cursor`` to read the next page; None on the last page.
    next_cursor: Optional[str] = None

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> MemoryPage:
        return cls([Memory.read(item) for item in answer["items"]], answer.get("next_cursor"))


@dataclass
class Facet:
    """A value of a field, and how many memories have it."""

    value: Union[str, int, float, bool]
    count: int


@dataclass
class Facets:
    """The distinct values of a field, the most frequent first."""

    values: list[Facet]
    #: How many distinct values there are, including those beyond the limit.
    distinct: int

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Facets:
        return cls([Facet(one["value"], one["count"]) for one in answer["values"]], answer["distinct"])


@dataclass
class ContextMemory(MemoryMatch):
    """A memory of a context block."""

    #: Its line.
    line: str = ""
    #: The line without the texts that were true before, if it tells any.
    short_line: Optional[str] = None

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> ContextMemory:
        return _known(cls, fields)


@dataclass
class ContextBlock:
    """Memories as text for a prompt."""

    #: Empty if no memory fits.
    text: str
    #: The memories in it, in the order of their lines.
    memories: list[ContextMemory]
    #: Tokens of the text, one for each three bytes of UTF-8.
    tokens: int
    #: Memories that were found and did not fit.
    omitted: int

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> ContextBlock:
        memories = [ContextMemory.read(memory) for memory in answer["memories"]]
        return cls(answer["text"], memories, answer["tokens"], answer["omitted"])


@dataclass
class Change:
    """One field that a version changed."""

    field: str
    before: Any = None
    after: Any = None


@dataclass
class MemoryVersion:
    """One version of a memory, with its cause and its changes."""

    id: str
    version: int
    #: ``ADD``, ``UPDATE``, ``RESTORE`` or ``RETIRE``.
    event: str
    content: str
    tags: list[str]
    metadata: dict[str, Any]
    sectors: list[str]
    primary_sector: str
    created_at: str
    updated_at: str
    #: Compared with the previous version; empty for ``ADD``.
    changes: list[Change]
    actor: Optional[str] = None
    reason: Optional[str] = None
    restored_from: Optional[int] = None
    expires_at: Optional[str] = None
    valid_from: Optional[str] = None
    valid_to: Optional[str] = None
    retired: Optional[str] = None

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> MemoryVersion:
        version = _known(cls, fields)
        version.changes = [Change(c["field"], c.get("from"), c.get("to")) for c in fields["changes"]]
        return version


@dataclass
class Waypoint:
    """A link to another memory."""

    id: str
    #: The strength of the link, 0 to 1.
    weight: float
    created_at: str
    updated_at: str

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Waypoint:
        return _known(cls, fields)


@dataclass
class ItemResult:
    """The result of one item of a batch: ``memory`` if ``ok``, otherwise ``error``; ``id`` is that of the item."""

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
    """The memories that a deletion by filter removed."""

    deleted: int
    ids: list[str]


@dataclass
class MemoryChange:
    """A committed change: ``ADD``, ``UPDATE``, ``RESTORE`` or ``DELETE``."""

    event: str
    id: str
    #: The version that the change created; for a ``DELETE``, the last one.
    version: int
    #: The time of the change.
    at: str
    #: Pass it as ``since`` to continue after this change.
    cursor: str
    #: The memory after the change; None for a ``DELETE``.
    memory: Optional[Memory] = None

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> MemoryChange:
        change = _known(cls, fields)
        if "memory" in fields:
            change.memory = Memory.read(fields["memory"])
        return change


@dataclass
class ExportSummary:
    """The contents of an exported file: memories, their versions, ids of deleted memories, and bytes."""

    memories: int
    versions: int
    tombstones: int
    bytes: int


@dataclass
class LineError:
    """A memory that an import rejected, with its line in the file."""

    line: int
    id: str
    error: OpenMemoryError


@dataclass
class ImportSummary:
    """The number of memories that an import added, replaced, skipped and rejected."""

    imported: int
    replaced: int
    skipped: int
    #: Ids that count as deleted from now on.
    tombstones: int
    failed: int
    #: The first 1000 rejected memories.
    errors: list[LineError]

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> ImportSummary:
        summary = _known(cls, fields)
        summary.errors = [LineError(e["line"], e["id"], error_of(e["error"])) for e in fields["errors"]]
        return summary


@dataclass
class BackupSummary:
    """The contents of a backup: memories and bytes."""

    memories: int
    bytes: int

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> BackupSummary:
        return _known(cls, fields)


class Unset:
    """The type of a default for parameters where None has a meaning."""


UNSET = Unset()

