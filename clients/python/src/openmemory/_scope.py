"""Whose memories does a call affect? Those of the client's ``user_id``, unless the call itself names a user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional, Union

from ._errors import invalid
from ._records import Unset
from ._values import Id, field, filters


class Scope:
    def __init__(self, user_id: Union[Id, Unset]) -> None:
        self._user_id: Optional[str] = None
        if isinstance(user_id, Unset):
            return
        # None is more likely a missing value than a request for the memories of all users.
        if user_id is None:
            raise invalid("user_id", "is None; leave it out to mean everybody's memories")
        self._user_id = field("user_id", user_id)
        if not isinstance(self._user_id, str) or self._user_id == "":
            raise invalid("user_id", "must be a string that is not empty, or a UUID")

    def memory(self, fields: dict[str, Any]) -> dict[str, Any]:
        """A new memory with its owner. None counts as absent; an empty string is sent, and the server rejects it."""
        if self._user_id is None or fields.get("user_id") is not None:
            return fields
        return {**fields, "user_id": self._user_id}

    def filters(self, given: Optional[Mapping[str, Any]]) -> Optional[dict[str, Any]]:
        """The filters to send; None for all memories."""
        sent = None if given is None else filters(given, "filters")
        if self._user_id is None or _names_a_user(sent):
            return sent
        # In a list, because only there "*" is a user like any other.
        return {**(sent or {}), "user_id": {"in": [self._user_id]}}


def _names_a_user(filters: Any) -> bool:
    if isinstance(filters, list):
        return any(_names_a_user(part) for part in filters)
    if not isinstance(filters, dict):
        return False
    return "user_id" in filters or any(_names_a_user(filters.get(name)) for name in ("AND", "OR", "NOT"))
