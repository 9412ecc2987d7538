"""How does each item of a batch get its own result if some items are rejected before they are sent?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Optional
from uuid import UUID

from ._errors import OpenMemoryError, ValidationError, invalid
from ._exchange import Call
from ._records import ItemResult

_MAX_ITEMS = 1000


@dataclass
class Prepared:
    """The items to send and the errors of the others, both by index."""

    items: list[Any]
    accepted: dict[int, Any] = field(default_factory=dict)
    rejected: dict[int, OpenMemoryError] = field(default_factory=dict)

    def call(
        self, method: str, path: str, name: str, more: Optional[Mapping[str, Any]] = None, atomic: bool = False
    ) -> Call[list[ItemResult]]:
        if atomic and self.rejected:
            for index in self.accepted:
                message = "nothing was written, since another item of the atomic batch was refused"
                self.rejected[index] = OpenMemoryError("ABORTED", message, status=503)
            self.accepted = {}
        sent = Call(method, path, self._results, {name: list(self.accepted.values()), **(more or {})})
        if not self.accepted:
            sent.known = self._results({"results": []})
        return sent

    def _results(self, answer: Any) -> list[ItemResult]:
        results = {index: _failed(self.items[index], error) for index, error in self.rejected.items()}
        for index, item in zip(self.accepted, answer["results"]):
            results[index] = ItemResult.read(item)
        return [results[index] for index in range(len(self.items))]


def prepare(given: Iterable[Any], name: str, item: Callable[[Any, str], Any]) -> Prepared:
    # A string is a sequence of characters, each of which could be an id.
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise invalid(name, f"must be a list, not {type(given).__name__}")
    prepared = Prepared(list(given))
    if not prepared.items:
        raise invalid(name, "must have at least one item")
    if len(prepared.items) > _MAX_ITEMS:
        raise invalid(name, f"has {len(prepared.items)} items; the most is {_MAX_ITEMS}", "LIMIT_EXCEEDED")
    for index, value in enumerate(prepared.items):
        try:
            prepared.accepted[index] = item(value, f"{name}[{index}]")
        except ValidationError as error:
            prepared.rejected[index] = error
    return prepared


def _failed(item: Any, error: OpenMemoryError) -> ItemResult:
    id = item.get("id") if isinstance(item, Mapping) else item
    return ItemResult(False, id=str(id) if isinstance(id, (str, UUID)) else None, error=error)
