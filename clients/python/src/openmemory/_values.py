"""Would JSON hold this value as it is? What it would drop, change or refuse is refused here by its path instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any, Literal, Optional, Union
from uuid import UUID

from ._errors import ValidationError, invalid

Id = Union[str, UUID]
Time = Union[str, datetime, date]
IfExists = Literal["add", "skip", "touch"]

# Deeper than the server's own limit of 32, which it reports by the right field; this one only ends cycles.
_DEEPEST = 64
_ID_CHARACTERS = 256

_IDS = {"id", "user_id", "agent_id", "app_id", "run_id"}
_TIMES = {"expires_at", "created_at", "at", "since"}
_SCOPES = {"user_id", "agent_id", "app_id", "run_id", "userId", "agentId", "appId", "runId"}
_GROUPS = {"AND", "OR", "NOT"}

#: Parameters that have another name on the wire.
WIRE_NAMES = {
    "if_exists": "ifExists",
    "if_version": "ifVersion",
    "min_score": "minScore",
    "on_conflict": "onConflict",
    "show_expired": "showExpired",
}


def field(name: str, value: Any) -> Any:
    """The value of a record's or a call's field, with what this field takes: ids as UUIDs, times as datetimes."""
    return plain(value, name, ids=name in _IDS, times=name in _TIMES or name == "metadata")


def given(**arguments: Any) -> dict[str, Any]:
    """The arguments by their names on the wire, but for those that are None: they were left out."""
    return {WIRE_NAMES.get(name, name): field(name, value) for name, value in arguments.items() if value is not None}


def record(value: Any, name: str) -> dict[str, Any]:
    """One item of a batch."""
    if not isinstance(value, Mapping):
        raise invalid(name, f"must be a mapping of fields, not {_described(value)}")
    return {WIRE_NAMES.get(key, key): field(key, item) for key, item in _items(value, name)}


def identifier(value: Any, name: str = "id") -> str:
    """The id of a memory, whose length the server cannot judge where it makes the address too long."""
    if value is None or value == "":
        raise ValidationError("MISSING_ID", "the id is missing", status=400, details={"field": name})
    text = plain(value, name, ids=True)
    if not isinstance(text, str):
        raise invalid(name, f"must be a string or a UUID, not {_described(value)}")
    if len(text) > _ID_CHARACTERS:
        raise invalid(name, f"has {len(text)} characters; the most is {_ID_CHARACTERS}", "LIMIT_EXCEEDED")
    return text


def filters(value: Any, path: str, above: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Filters for the wire. A scope that is None got lost on the way: it never stands for somebody else's memories."""
    if not isinstance(value, Mapping):
        raise invalid(path, f"must be a mapping of fields, not {_described(value)}")
    _check_nesting(value, path, above)
    return {name: _filter(name, part, f"{path}.{name}", (*above, value)) for name, part in _items(value, path)}


def _filter(name: str, part: Any, path: str, above: tuple[Any, ...]) -> Any:
    if name in _GROUPS and isinstance(part, Mapping):
        return filters(part, path, above)
    if name in _GROUPS and isinstance(part, (list, tuple)):
        return [filters(item, f"{path}[{at}]", above) for at, item in enumerate(part)]
    scope = name in _SCOPES
    return plain(part, path, above, ids=scope or name in ("memory_ids", "memoryIds"), times=True, none=not scope)


def plain(
    value: Any, path: str, above: tuple[Any, ...] = (), *, ids: bool = False, times: bool = False, none: bool = True
) -> Any:
    """The value as JSON has it: UUIDs and times as text where the place takes them, other kinds refused by path.
    ``above`` are the lists and mappings that the value is in."""
    if value is None:
        if none:
            return None
        raise invalid(path, "is None; leave it out, or ask for memories without one by {'exists': False}")
    if isinstance(value, str):
        if not _well_formed(value):
            raise invalid(path, "holds a lone surrogate, which is not well-formed Unicode")
        return value
    if isinstance(value, (bool, int, float)):
        return _number(value, path)
    if ids and isinstance(value, UUID):
        return str(value)
    if times and isinstance(value, datetime):
        return _moment(value, path)
    if times and isinstance(value, date):
        return value.isoformat()
    within = (*above, value)

    def inner(item: Any, place: str) -> Any:
        return plain(item, place, within, ids=ids, times=times, none=none)

    if isinstance(value, Mapping):
        _check_nesting(value, path, above)
        return {key: inner(item, f"{path}.{key}") for key, item in _items(value, path)}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        _check_nesting(value, path, above)
        return [inner(item, f"{path}[{at}]") for at, item in enumerate(value)]
    raise invalid(path, f"is {_described(value)}, which JSON does not have; give it as text, a number or a list")


def _items(value: Mapping[Any, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if not isinstance(key, str):
            raise invalid(path, f"has {_described(key)} as a key; keys are strings")
        if not _well_formed(key):
            raise invalid(path, "has a key with a lone surrogate, which is not well-formed Unicode")
        yield key, item


def _check_nesting(value: Any, path: str, above: tuple[Any, ...]) -> None:
    if any(value is one for one in above):
        raise invalid(path, "contains itself")
    if len(above) >= _DEEPEST:
        raise invalid(path, f"is nested more than {_DEEPEST} levels deep", "LIMIT_EXCEEDED")


def _number(value: Union[int, float], path: str) -> Union[int, float]:
    try:
        number = float(value)
    except OverflowError:
        raise invalid(path, "is an integer too large for JSON") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise invalid(path, f"is {number}, which JSON does not have")
    return value


def _moment(value: datetime, path: str) -> str:
    """In UTC, to the millisecond where that is all, as the server writes times: so texts compare as the times do."""
    # The NaT of pandas is a datetime, and equals nothing.
    if value != value:
        raise invalid(path, "is not a time")
    try:
        utc: Optional[datetime] = value.astimezone(timezone.utc)
    except (OSError, OverflowError, ValueError):
        utc = None
    if utc is not None:
        precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
        return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
    # The first and the last day of the calendar stand for "ever", and have no UTC in every time zone.
    if value.year in (1, 9999):
        return (value if value.utcoffset() is not None else value.replace(tzinfo=timezone.utc)).isoformat()
    raise invalid(path, "has no time zone, and local time is not known then; give it a time zone")


def _well_formed(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _described(value: Any) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
