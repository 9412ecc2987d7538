"""Which request stands for each method?"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Iterable, Mapping, Optional, Sequence, Union
from urllib.parse import quote

from ._errors import ValidationError
from ._exchange import Call
from ._files import Path
from ._records import (
    UNSET,
    BackupSummary,
    DeleteSummary,
    ImportSummary,
    ItemResult,
    Memory,
    MemoryMatch,
    MemoryPage,
    MemoryVersion,
    Unset,
    Waypoint,
)

Time = Union[str, datetime, date]
_ROUTES = {"add", "all", "batch", "delete", "list", "query", "reinforce", "search"}


def _path(memory_id: str, *more: str) -> str:
    if not isinstance(memory_id, str) or memory_id == "":
        raise ValidationError("MISSING_ID", "the id is missing", status=400, details={"field": "id"})
    name = quote(memory_id, safe="")
    if name in _ROUTES or set(name) == {"."}:
        name = "".join(f"%{byte:02X}" for byte in memory_id.encode())
    return "/".join(["/memory", name, *more])


def _given(**fields: Any) -> dict[str, Any]:
    return {name: _json(value) for name, value in fields.items() if value is not None}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def _items(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: _json(value) for name, value in item.items()} for item in items]


def _results(answer: Any) -> list[ItemResult]:
    return [ItemResult.read(item) for item in answer["results"]]


def add_memory(**fields: Any) -> Call[Memory]:
    return Call("POST", "/memory/add", Memory.read, _given(**fields))


def add_memories(memories: Iterable[Mapping[str, Any]], atomic: bool) -> Call[list[ItemResult]]:
    return Call("POST", "/memory/batch", _results, {"items": _items(memories), "atomic": atomic})


def get_memory(memory_id: str, version: Optional[int], at: Optional[Time]) -> Call[Memory]:
    return Call("GET", _path(memory_id), Memory.read, params=_given(version=version, at=at))


def list_memories(**options: Any) -> Call[MemoryPage]:
    return Call("POST", "/memory/list", MemoryPage.read, _given(**options))


def update_memory(memory_id: str, expires_at: Union[Time, None, Unset], **fields: Any) -> Call[Memory]:
    body = _given(**fields)
    if not isinstance(expires_at, Unset):
        body["expires_at"] = _json(expires_at)
    return Call("PATCH", _path(memory_id), Memory.read, body)


def update_memories(updates: Iterable[Mapping[str, Any]], atomic: bool, **notes: Any) -> Call[list[ItemResult]]:
    return Call("PATCH", "/memory/batch", _results, {"items": _items(updates), "atomic": atomic, **_given(**notes)})


def delete_memory(memory_id: str) -> Call[Memory]:
    return Call("DELETE", _path(memory_id), lambda answer: Memory.read(answer["memory"]))


def delete_memories(ids: Sequence[str]) -> Call[list[ItemResult]]:
    return Call("POST", "/memory/delete", _results, {"ids": list(ids)})


def delete_matching(filters: Optional[Mapping[str, Any]]) -> Call[DeleteSummary]:
    body = {"all": True} if filters is None else {"filters": dict(filters)}
    return Call("POST", "/memory/delete", lambda answer: DeleteSummary(answer["deleted"], answer["ids"]), body)


def search_memories(**options: Any) -> Call[list[MemoryMatch]]:
    return Call("POST", "/memory/search", lambda answer: [MemoryMatch.read(m) for m in answer["matches"]], _given(**options))


def reinforce_memory(memory_id: str, boost: Optional[float]) -> Call[Memory]:
    body = _given(id=memory_id, boost=boost)
    return Call("POST", "/memory/reinforce", lambda answer: Memory.read(answer["memory"]), body)


def get_history(memory_id: str, limit: Optional[int], before: Optional[int]) -> Call[list[MemoryVersion]]:
    params = _given(limit=limit, before=before)
    read = lambda answer: [MemoryVersion.read(version) for version in answer["versions"]]  # noqa: E731
    return Call("GET", _path(memory_id, "history"), read, params=params)


def restore_memory(memory_id: str, version: int, **options: Any) -> Call[Memory]:
    return Call("POST", _path(memory_id, "restore"), Memory.read, _given(version=version, **options))


def send_feedback(memory_id: str, feedback: Optional[str], reason: Optional[str]) -> Call[Memory]:
    return Call("POST", _path(memory_id, "feedback"), Memory.read, {"feedback": feedback, **_given(reason=reason)})


def get_waypoints(memory_id: str) -> Call[list[Waypoint]]:
    return Call("GET", _path(memory_id, "waypoints"), lambda answer: [Waypoint.read(w) for w in answer["waypoints"]])


def reindex() -> Call[dict[str, Any]]:
    return Call("POST", "/reindex", dict, long=True)


def backup(name: str) -> Call[BackupSummary]:
    return Call("POST", "/backup", BackupSummary.read, {"name": name}, long=True)


def import_from(file: Path, on_conflict: Optional[str]) -> Call[ImportSummary]:
    return Call("POST", "/import", ImportSummary.read, params=_given(onConflict=on_conflict), file=file, long=True)


def export(filters: Optional[Mapping[str, Any]]) -> Call[Any]:
    return Call("POST", "/export", dict, _given(filters=filters))


def watch(filters: Optional[Mapping[str, Any]], since: Optional[Time]) -> Call[Any]:
    return Call("POST", "/watch", dict, _given(filters=filters, since=since))


def stats() -> Call[dict[str, Any]]:
    return Call("GET", "/stats", dict)


def ready() -> Call[None]:
    return Call("GET", "/ready", lambda _: None)


__all__ = ["UNSET", "Time", "Unset"]
