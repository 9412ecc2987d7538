"""How is a request sent, read, and sent again? The same for both clients."""

from __future__ import annotations

import json
import os
import random
import uuid
from dataclasses import dataclass
from typing import Any, Callable, Generic, Mapping, Optional, TypeVar, Union

import httpx

from ._errors import OpenMemoryError, error_of

T = TypeVar("T")

ATTEMPTS = 4
_PASSING = {"UNAVAILABLE", "RATE_LIMITED", "TIMEOUT", "CLOSED"}


@dataclass
class Call(Generic[T]):
    """A request, and how its answer is read."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: Optional[Mapping[str, Any]] = None
    params: Optional[Mapping[str, Any]] = None


def settings(base_url: Optional[str], api_key: Optional[str], timeout: Optional[float]) -> dict[str, Any]:
    """What both kinds of httpx client are made with."""
    key = api_key or os.environ.get("OPENMEMORY_API_KEY")
    return {
        "base_url": base_url or os.environ.get("OPENMEMORY_URL") or "http://localhost:8080",
        "headers": {"accept": "application/json", **({"x-api-key": key} if key else {})},
        "timeout": timeout,
    }


def request(client: Union[httpx.Client, httpx.AsyncClient], call: Call[Any]) -> httpx.Request:
    """Built once, so that every try of a write carries the same key."""
    headers = {} if call.method == "GET" else {"idempotency-key": str(uuid.uuid4())}
    content = None
    if call.body is not None:
        headers["content-type"] = "application/json"
        content = json.dumps(call.body, ensure_ascii=False, allow_nan=False).encode()
    return client.build_request(call.method, call.path, content=content, params=call.params, headers=headers)


def answer(response: httpx.Response, call: Call[T]) -> T:
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.is_success and body is not None:
        return call.read(body)
    if isinstance(body, dict) and "code" in body:
        raise error_of(body, response.status_code)
    code = {429: "RATE_LIMITED", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "UNAVAILABLE"}
    raise OpenMemoryError(
        code.get(response.status_code, "INTERNAL"),
        f"the answer ({response.status_code}) is not an OpenMemory server's; is base_url right?",
        status=response.status_code,
    )


def unreachable(error: httpx.TransportError) -> OpenMemoryError:
    code = "TIMEOUT" if isinstance(error, httpx.TimeoutException) else "UNAVAILABLE"
    return OpenMemoryError(code, f"the server has not answered: {error}")


def pause(error: OpenMemoryError, attempt: int, response: Optional[httpx.Response]) -> Optional[float]:
    """Seconds until the next try; none where trying again does not help."""
    if attempt == ATTEMPTS or error.code not in _PASSING:
        return None
    after = response.headers.get("retry-after", "0") if response is not None else "0"
    grown = 0.1 * float(2 ** (attempt - 1)) * random.uniform(0.5, 1)
    return min(max(grown, float(after) if after.isdigit() else 0.0), 10.0)
