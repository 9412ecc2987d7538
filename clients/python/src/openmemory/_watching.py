"""How does a watch survive a lost connection? It reconnects and resumes after the last event received."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from typing import Any, Iterator, Mapping, Optional, Union

import httpx

from . import _calls
from ._values import Time
from ._errors import OpenMemoryError, error_of
from ._exchange import PASSING, Call, request, unreachable, waiting
from ._records import MemoryChange

#: Seconds without a word after which a connection is taken for lost; servers say something every 15.
_SILENCE = 60.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
#: Seconds after which a lost connection is given up.
RECONNECT_TIMEOUT = 60.0
_FIRST_CONNECT_TIMEOUT = 1.0


class Watching:
    def __init__(self, filters: Optional[Mapping[str, Any]], since: Optional[Time]) -> None:
        self._call: Call[Any] = _calls.watch(filters, since)
        self._lost: Optional[float] = None
        self._begun = False
        self._refused: Optional[OpenMemoryError] = None
        self._pause = _FIRST_PAUSE
        self._buffer = ""
        self._fields: dict[str, str] = {}

    def request(self, client: Union[httpx.Client, httpx.AsyncClient]) -> httpx.Request:
        self._buffer, self._fields = "", {}
        asked = request(client, self._call)
        asked.extensions = {**asked.extensions, "timeout": waiting(client, _SILENCE).as_dict()}
        return asked

    def read(self, text: str) -> Iterator[MemoryChange]:
        """Yield the changes in a chunk of the event stream."""
        *lines, self._buffer = (self._buffer + text).split("\n")
        for line in lines:
            name, _, value = line.rstrip("\r").partition(":")
            if name:
                self._fields[name] = value[1:] if value.startswith(" ") else value
            elif line in ("", "\r") and self._fields:
                fields, self._fields = self._fields, {}
                yield from self._handle(fields)

    def _handle(self, fields: Mapping[str, str]) -> Iterator[MemoryChange]:
        if fields.get("event") == "error":
            self._refused = error_of(json.loads(fields["data"]))
            raise self._refused
        self._begun, self._lost, self._pause = True, None, _FIRST_PAUSE
        if "id" in fields:
            self._call = replace(self._call, body={**(self._call.body or {}), "since": fields["id"]})
        if "data" in fields:
            yield MemoryChange.read(json.loads(fields["data"]))

    def pause(self, failed: Union[httpx.RequestError, OpenMemoryError, None]) -> float:
        """Seconds until the next attempt to connect. Raises the error if a retry cannot help or the time is up."""
        now = time.monotonic()
        self._lost = self._lost or now
        error = unreachable(failed) if isinstance(failed, httpx.RequestError) else failed
        late = now - self._lost > (RECONNECT_TIMEOUT if self._begun else _FIRST_CONNECT_TIMEOUT)
        if error is not None and (error is self._refused or error.code not in PASSING or late):
            raise error from (failed if failed is not error else None)
        pause = self._pause * random.uniform(0.5, 1)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        return max(pause, error.retry_after if error is not None else 0.0)
