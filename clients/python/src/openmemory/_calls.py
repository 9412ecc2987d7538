"""Which request does each method send?"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Optional, Union
from urllib.parse import quote

from . import _batch
from ._errors import invalid
from ._exchange import Call
from ._files import Path, path_of
from ._records import (
    UNSET,
    BackupSummary,
    ContextBlock,
    DeleteSummary,
    Facets,
    ImportSummary,
    ItemResult,
    Memory,
    MemoryMatch,
    MemoryPage,
    MemoryVersion,
    Unset,
    Waypoint,
)
from ._scope import Scope
from ._values import Id, Time, field, identifier, record, wire

_ROUTES = {
    *("add", "all", "batch", "consolidate", "context", "delete", "facets", "learn", "list", "operations", "query", "reinforce"),
    *("relearn", "search", "touch"),
}


def _path(memory_id: Id, *more: str) -> str:
    text = identifier(memory_id)
    name = quote(text, safe="")
    if name in _ROUTES or set(name) == {"."}:
        name = "".join(f"%{byte:02X}" for byte in text.encode())
    return "/".join(["/memory", name, *more])


def add_memory(scope: Scope, content: Any, **fields: Any) -> Call[Memory]:
    # None is a value here: a memory without text.
    body = {"content": field("content", content), **wire(**fields)}
    return Call("POST", "/memory/add", Memory.read, scope.memory(body))


def add_memories(
    memories: Iterable[Mapping[str, Any]], atomic: bool, scope: Scope, **options: Any
) -> Call[list[ItemResult]]:
    def prepare(item: Any, name: str) -> dict[str, Any]:
        return scope.memory(record(item, name))

    prepared = _batch.prepare(memories, "memories", prepare)
    more = {"atomic": field("atomic", atomic), **wire(**options)}
    return prepared.call("POST", "/memory/batch", "items", more, atomic)


def get_memory(memory_id: Id, **options: Any) -> Call[Memory]:
    return Call("GET", _path(memory_id), Memory.read, params=wire(**options))


def list_memories(**options: Any) -> Call[MemoryPage]:
    return Call("POST", "/memory/list", MemoryPage.read, wire(**options))


def update_memory(memory_id: Id, times: Mapping[str, Union[Time, None, Unset]], **fields: Any) -> Call[Memory]:
    body = wire(**fields)
    body.update({name: field(name, time) for name, time in times.items() if not isinstance(time, Unset)})
    return Call("PATCH", _path(memory_id), Memory.read, body)


def update_memories(updates: Iterable[Mapping[str, Any]], atomic: bool, **notes: Any) -> Call[list[ItemResult]]:
    prepared = _batch.prepare(updates, "updates", record)
    return prepared.call("PATCH", "/memory/batch", "items", {"atomic": field("atomic", atomic), **wire(**notes)}, atomic)


def _operation(scope: Scope, item: Any, name: str) -> dict[str, Any]:
    if not isinstance(item, Mapping) or len(item) != 1:
        raise invalid(name, "must have exactly one of add, update, retire, merge, restore and delete")
    [(kind, value)] = item.items()
    asked = record(value, kind)
    return {kind: scope.memory(asked) if kind == "add" else asked}


def apply_operations(operations: Iterable[Mapping[str, Any]], scope: Scope, **notes: Any) -> Call[list[ItemResult]]:
    prepared = _batch.prepare(operations, "operations", lambda item, name: _operation(scope, item, name))
    return prepared.call("POST", "/memory/operations", "operations", wire(**notes), True)


def undoing(results: Iterable[ItemResult]) -> list[dict[str, Any]]:
    """What takes the operations back that had these results, last one first."""
    undone: list[dict[str, Any]] = []
    for index, result in enumerate(results):
        memory = result.memory
        if memory is None or memory.event == "NONE":
            continue
        if memory.event == "DELETE":
            raise invalid(f"results[{index}]", "cannot be undone: what is deleted is gone")
        if memory.event == "ADD":
            undone.append({"delete": {"id": memory.id, "if_version": memory.version}})
        else:
            undone.append(_before(memory.id, memory.version))
            undone.extend(_before(merged["id"], merged["version"]) for merged in reversed(memory.merged))
    return undone[::-1]


def _before(memory_id: str, version: int) -> dict[str, Any]:
    return {"restore": {"id": memory_id, "version": version - 1, "if_version": version}}


def delete_memory(memory_id: Id, **options: Any) -> Call[Memory]:
    return Call("DELETE", _path(memory_id), lambda answer: Memory.read(answer["memory"]), params=wire(**options))


def delete_memories(ids: Iterable[Id]) -> Call[list[ItemResult]]:
    return _batch.prepare(ids, "ids", lambda id, _: identifier(id)).call("POST", "/memory/delete", "ids")


def delete_matching(filters: Optional[Mapping[str, Any]]) -> Call[DeleteSummary]:
    body: dict[str, Any] = {"all": True} if filters is None else {"filters": filters}
    return Call("POST", "/memory/delete", lambda answer: DeleteSummary(answer["deleted"], answer["ids"]), body)


def search_memories(**options: Any) -> Call[list[MemoryMatch]]:
    return Call("POST", "/memory/search", lambda answer: [MemoryMatch.read(m) for m in answer["matches"]], wire(**options))


def context(**options: Any) -> Call[ContextBlock]:
    return Call("POST", "/memory/context", ContextBlock.read, wire(**options))


def facets(**options: Any) -> Call[Facets]:
    return Call("POST", "/memory/facets", Facets.read, wire(**options))


def touch_memories(ids: Iterable[Id], expires_at: Optional[Time]) -> Call[list[ItemResult]]:
    prepared = _batch.prepare(ids, "ids", lambda id, _: identifier(id))
    return prepared.call("POST", "/memory/touch", "ids", {"expires_at": field("expires_at", expires_at)})


def reinforce_memory(memory_id: Id, boost: Optional[float]) -> Call[Memory]:
    body = {"id": identifier(memory_id), **wire(boost=boost)}
    return Call("POST", "/memory/reinforce", lambda answer: Memory.read(answer["memory"]), body)


def get_history(memory_id: Id, limit: Optional[int], before: Optional[int]) -> Call[list[MemoryVersion]]:
    params = wire(limit=limit, before=before)
    read = lambda answer: [MemoryVersion.read(version) for version in answer["versions"]]  # noqa: E731
    return Call("GET", _path(memory_id, "history"), read, params=params)


def restore_memory(memory_id: Id, version: int, **options: Any) -> Call[Memory]:
    return Call("POST", _path(memory_id, "restore"), Memory.read, wire(version=version, **options))


def retire_memory(memory_id: Id, **options: Any) -> Call[Memory]:
    return Call("POST", _path(memory_id, "retire"), Memory.read, wire(**options))


def send_feedback(memory_id: Id, feedback: Optional[str], reason: Optional[str]) -> Call[Memory]:
    return Call("POST", _path(memory_id, "feedback"), Memory.read, {"feedback": field("feedback", feedback), **wire(reason=reason)})


def named(categories: Optional[Iterable[Union[str, Mapping[str, str]]]]) -> Optional[list[Mapping[str, str]]]:
    if categories is None or isinstance(categories, str):
        return None if categories is None else field("categories", categories)  # the server says what is wrong
    return [{"name": one} if isinstance(one, str) else one for one in categories]


def check_correction(feedback: Optional[str], reason: Optional[str], mode: str) -> None:
    if mode not in ("apply", "review", "propose", "dry"):
        raise invalid("correct", "must be one of apply, review, propose, dry")
    if feedback not in ("NEGATIVE", "VERY_NEGATIVE"):
        raise invalid("correct", "is only for a NEGATIVE or VERY_NEGATIVE feedback")
    if not reason:
        raise invalid("reason", "is missing: say what is wrong with the memory")


def correction(scope: Scope, memory: Memory, reason: Optional[str], mode: str) -> Call[Optional[dict[str, Any]]]:
    whose = {name: getattr(memory, name) for name in ("user_id", "agent_id", "app_id", "run_id")}
    return consolidate(scope, memories=[memory.id], feedback=reason, reason=reason, mode=mode, **whose)


def _answering(wait: bool) -> dict[str, str]:
    """The header that asks for an answer before the work is done."""
    if not isinstance(wait, bool):
        raise invalid("wait", "must be True or False")
    return {} if wait else {"prefer": "respond-async"}


def learn(
    scope: Scope, messages: Union[str, Iterable[Mapping[str, Any]]], *, wait: bool = True, **options: Any
) -> Call[dict[str, Any]]:
    if isinstance(messages, str):
        said: dict[str, Any] = {"text": field("text", messages)}
    else:
        said = {"messages": [record(message, f"messages[{at}]") for at, message in enumerate(messages)]}
    # A model takes as long as it takes, and the server bounds it.
    body = scope.memory({**said, **wire(**options)})
    return Call("POST", "/memory/learn", dict, body, headers=_answering(wait), long=True)


def consolidate(scope: Scope, *, wait: bool = True, **options: Any) -> Call[Optional[dict[str, Any]]]:
    body = scope.memory(wire(**options))
    headers = _answering(wait)
    return Call("POST", "/memory/consolidate", lambda answer: answer["learning"], body, headers=headers, long=True)


def relearn(scope: Scope, **options: Any) -> Call[list[dict[str, Any]]]:
    return Call("POST", "/memory/relearn", lambda answer: answer["learnings"], scope.memory(wire(**options)), long=True)


def _learning_path(learning_id: str, *more: str) -> str:
    return "/".join(["/learnings", quote(identifier(learning_id), safe=""), *more])


def get_learning(learning_id: str) -> Call[dict[str, Any]]:
    return Call("GET", _learning_path(learning_id), dict)


def list_learnings(scope: Scope, **options: Any) -> Call[dict[str, Any]]:
    return Call("GET", "/learnings", dict, params=scope.memory(wire(**options)))


def decide(learning_id: str, decisions: Union[str, Mapping[int, str]], **notes: Any) -> Call[dict[str, Any]]:
    decided: dict[str, Any]
    if isinstance(decisions, str):
        decided = {"all": decisions}
    else:
        decided = {"decisions": {str(place): decision for place, decision in decisions.items()}}
    return Call("POST", _learning_path(learning_id, "decide"), dict, {**wire(**decided), **wire(**notes)})


def undo_learning(learning_id: str, **notes: Any) -> Call[dict[str, Any]]:
    return Call("POST", _learning_path(learning_id, "undo"), dict, wire(**notes))


def get_sources(memory_id: Id, version: Optional[int]) -> Call[list[dict[str, Any]]]:
    return Call("GET", _path(memory_id, "sources"), lambda answer: list(answer["sources"]), params=wire(version=version))


def list_messages(scope: Scope, **options: Any) -> Call[dict[str, Any]]:
    return Call("GET", "/messages", dict, params=scope.memory(wire(**options)))


def delete_messages(scope: Scope, **options: Any) -> Call[int]:
    return Call("DELETE", "/messages", lambda answer: int(answer["deleted"]), params=scope.memory(wire(**options)))


def get_waypoints(memory_id: Id) -> Call[list[Waypoint]]:
    return Call("GET", _path(memory_id, "waypoints"), lambda answer: [Waypoint.read(w) for w in answer["waypoints"]])


def reindex() -> Call[dict[str, Any]]:
    return Call("POST", "/reindex", dict, long=True)


def backup(name: str) -> Call[BackupSummary]:
    return Call("POST", "/backup", BackupSummary.read, {"name": field("name", name)}, long=True)


def compact() -> Call[dict[str, Any]]:
    return Call("POST", "/compact", dict, long=True)


def import_from(file: Path, on_conflict: Optional[str]) -> Call[ImportSummary]:
    return Call("POST", "/import", ImportSummary.read, params=wire(on_conflict=on_conflict), file=path_of(file), long=True)


def export(filters: Optional[Mapping[str, Any]]) -> Call[Any]:
    return Call("POST", "/export", dict, wire(filters=filters))


def watch(filters: Optional[Mapping[str, Any]], since: Optional[Time]) -> Call[Any]:
    return Call("POST", "/watch", dict, wire(filters=filters, since=since))


def stats() -> Call[dict[str, Any]]:
    return Call("GET", "/stats", dict)


def ready() -> Call[None]:
    return Call("GET", "/ready", lambda _: None)


__all__ = ["UNSET", "Id", "Time", "Unset"]
