"""Can JSON represent this value without loss? A value that it cannot represent is rejected here, with its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any, Literal, Optional, Union
from uuid import UUID

from ._errors import ValidationError, invalid

Id = Union[str, UUID]
Time = Union[str, datetime, date]
IfExists = Literal["add", "skip", "touch"]
OnConflict = Literal["report", "skip", "replace"]
Retired = Literal["ended", "wrong"]

# Above the server's limit of 32, which it reports with the right field; this one only bounds the recursion.
_MAX_DEPTH = 64
_MAX_ID_CHARACTERS = 256

_IDS = {"id", "user_id", "agent_id", "app_id", "run_id"}
_TIMES = {"expires_at", "created_at", "valid_from", "valid_to", "at", "as_of", "reference_time", "since"}
_SCOPES = {"user_id", "agent_id", "app_id", "run_id", "userId", "agentId", "appId", "runId"}
_GROUPS = {"AND", "OR", "NOT"}

#: Parameters whose name on the wire differs.
WIRE_NAMES = {
    "as_of": "asOf",
    "if_exists": "ifExists",
    "include_history": "includeHistory",
    "keep_messages": "keepMessages",
    "max_operations": "maxOperations",
    "if_version": "ifVersion",
    "min_score": "minScore",
    "on_conflict": "onConflict",
    "reference_time": "referenceTime",
    "show_expired": "showExpired",
    "show_retired": "showRetired",
}


def field(name: str, value: Any) -> Any:
    """The JSON value of a field. Id fields also accept UUIDs; time fields and metadata, dates and datetimes."""
    return plain(value, name, ids=name in _IDS, times=name in _TIMES or name == "metadata")


def wire(**arguments: Any) -> dict[str, Any]:
    """The arguments under their names on the wire, without those that are None."""
    return {WIRE_NAMES.get(name, name): field(name, value) for name, value in arguments.items() if value is not None}


def record(value: Any, name: str) -> dict[str, Any]:
    """The fields of one item of a batch, under their names on the wire."""
    if not isinstance(value, Mapping):
        raise invalid(name, f"must be a mapping of fields, not {_described(value)}")
    return {WIRE_NAMES.get(key, key): field(key, item) for key, item in _items(value, name)}


def identifier(value: Any, name: str = "id") -> str:
    """The id of a memory. Its length is checked here, because a very long URL does not reach the server."""
    if value is None or value == "":
        raise ValidationError("MISSING_ID", "the id is missing", status=400, details={"field": name})
    text = plain(value, name, ids=True)
    if not isinstance(text, str):
        raise invalid(name, f"must be a string or a UUID, not {_described(value)}")
    if len(text) > _MAX_ID_CHARACTERS:
        raise invalid(name, f"has {len(text)} characters; the most is {_MAX_ID_CHARACTERS}", "LIMIT_EXCEEDED")
    return text


def filters(value: Any, path: str, ancestors: tuple[Any, ...] = ()) -> dict[str, Any]:
    """The filters to send. A scope that is None is rejected: a missing value must not match other users' memories."""
    if not isinstance(value, Mapping):
        raise invalid(path, f"must be a mapping of fields, not {_described(value)}")
    _check_nesting(value, path, ancestors)
    return {name: _filter(name, part, f"{path}.{name}", (*ancestors, value)) for name, part in _items(value, path)}


def _filter(name: str, part: Any, path: str, ancestors: tuple[Any, ...]) -> Any:
    if name in _GROUPS and isinstance(part, Mapping):
        return filters(part, path, ancestors)
    if name in _GROUPS and isinstance(part, (list, tuple)):
        return [filters(item, f"{path}[{at}]", ancestors) for at, item in enumerate(part)]
    scope = name in _SCOPES
    return plain(part, path, ancestors, ids=scope or name in ("memory_ids", "memoryIds"), times=True, none=not scope)


def plain(
    value: Any, path: str, ancestors: tuple[Any, ...] = (), *, ids: bool = False, times: bool = False, none: bool = True
) -> Any:
    """The value as JSON represents it. UUIDs and times become text where ``ids`` and ``times`` allow them; other types
    are rejected with their path. ``ancestors`` are the lists and mappings that contain the value."""
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
        return _utc_text(value, path)
    if times and isinstance(value, date):
        return value.isoformat()
    within = (*ancestors, value)

    def inner(item: Any, place: str) -> Any:
        return plain(item, place, within, ids=ids, times=times, none=none)

    if isinstance(value, Mapping):
        _check_nesting(value, path, ancestors)
        return {key: inner(item, f"{path}.{key}") for key, item in _items(value, path)}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        _check_nesting(value, path, ancestors)
        return [inner(item, f"{path}[{at}]") for at, item in enumerate(value)]
    raise invalid(path, f"is {_described(value)}, which JSON does not have; give it as text, a number or a list")


def _items(value: Mapping[Any, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if not isinstance(key, str):
            raise invalid(path, f"has {_described(key)} as a key; keys are strings")
        if not _well_formed(key):
            raise invalid(path, "has a key with a lone surrogate, which is not well-formed Unicode")
        yield key, item


def _check_nesting(value: Any, path: str, ancestors: tuple[Any, ...]) -> None:
    if any(value is one for one in ancestors):
        raise invalid(path, "contains itself")
    if len(ancestors) >= _MAX_DEPTH:
        raise invalid(path, f"is nested more than {_MAX_DEPTH} levels deep", "LIMIT_EXCEEDED")


def _number(value: Union[int, float], path: str) -> Union[int, float]:
    try:
        number = float(value)
    except OverflowError:
        raise invalid(path, "is an integer too large for JSON") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise invalid(path, f"is {number}, which JSON does not have")
    return value


def _utc_text(value: datetime, path: str) -> str:
    """The time in UTC, in the server's format, so that strings sort like times. Microseconds are not cut off."""
    # The NaT of pandas is a datetime that does not equal itself.
    if value != value:
        raise invalid(path, "is not a time")
    try:
        utc: Optional[datetime] = value.astimezone(timezone.utc)
    except (OSError, OverflowError, ValueError):
        utc = None
    if utc is not None:
        precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
        return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
    # datetime.min and datetime.max mean "always" and "never"; in some time zones they are out of range in UTC.
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
