"""How does each item of a batch get its own result, when some items are refused before they are sent?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Optional
from uuid import UUID

from ._errors import OpenMemoryError, ValidationError, invalid
from ._exchange import Call
from ._records import ItemResult

_MOST = 1000


@dataclass
class Prepared:
    """The items that can be sent, and why the others cannot."""

    items: list[Any]
    accepted: dict[int, Any] = field(default_factory=dict)
    refused: dict[int, OpenMemoryError] = field(default_factory=dict)

    def call(
        self, method: str, path: str, name: str, more: Optional[Mapping[str, Any]] = None, atomic: bool = False
    ) -> Call[list[ItemResult]]:
        if atomic and self.refused:
            for place in self.accepted:
                message = "nothing was written, since another item of the atomic batch was refused"
                self.refused[place] = OpenMemoryError("ABORTED", message, status=503)
            self.accepted = {}
        sent = Call(method, path, self._results, {name: list(self.accepted.values()), **(more or {})})
        if not self.accepted:
            sent.known = self._results({"results": []})
        return sent

    def _results(self, answer: Any) -> list[ItemResult]:
        results = {place: _refusal(self.items[place], error) for place, error in self.refused.items()}
        for place, item in zip(self.accepted, answer["results"]):
            results[place] = ItemResult.read(item)
        return [results[place] for place in range(len(self.items))]


def prepare(given: Iterable[Any], name: str, item: Callable[[Any, str], Any]) -> Prepared:
    # A text is a list of letters, each of which could be an id.
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise invalid(name, f"must be a list, not {type(given).__name__}")
    prepared = Prepared(list(given))
    if not prepared.items:
        raise invalid(name, "must have at least one item")
    if len(prepared.items) > _MOST:
        raise invalid(name, f"has {len(prepared.items)} items; the most is {_MOST}", "LIMIT_EXCEEDED")
    for place, value in enumerate(prepared.items):
        try:
            prepared.accepted[place] = item(value, f"{name}[{place}]")
        except ValidationError as error:
            prepared.refused[place] = error
    return prepared


def _refusal(item: Any, error: OpenMemoryError) -> ItemResult:
    id = item.get("id") if isinstance(item, Mapping) else item
    return ItemResult(False, id=str(id) if isinstance(id, (str, UUID)) else None, error=error)
