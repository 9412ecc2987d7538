"""How is a request built, its response read, and a failure retried? Shared by both clients."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass
from typing import Any, AsyncIterator, Callable, Generic, Iterator, Mapping, Optional, TypeVar, Union

import httpx

from ._errors import OpenMemoryError, error_of, invalid
from ._files import Path, async_chunks, chunks, size_of
from ._values import WIRE_NAMES

T = TypeVar("T")

MAX_ATTEMPTS = 4
PASSING = {"UNAVAILABLE", "RATE_LIMITED", "TIMEOUT", "CLOSED"}
_PARAMETERS = {wire: name for name, wire in WIRE_NAMES.items()}


@dataclass
class Call(Generic[T]):
    """A request, and how to read its response."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: Optional[Mapping[str, Any]] = None
    params: Optional[Mapping[str, Any]] = None
    #: Besides those that every request has.
    headers: Optional[Mapping[str, str]] = None
    #: A file to send instead of a JSON body.
    file: Optional[Path] = None
    #: Whether the duration depends on the size of the store, so that reads have no timeout.
    long: bool = False
    #: The result, if no request is needed.
    known: Optional[T] = None


def request(client: Union[httpx.Client, httpx.AsyncClient], call: Call[Any]) -> httpx.Request:
    """Build a request once, so that all attempts of a write carry the same idempotency key."""
    headers = {} if call.method == "GET" else {"idempotency-key": str(uuid.uuid4())}
    headers.update(call.headers or {})
    content: Union[bytes, Iterator[bytes], AsyncIterator[bytes], None] = None
    if call.body is not None:
        headers["content-type"] = "application/json"
        content = json.dumps(call.body, ensure_ascii=False, allow_nan=False).encode()
    if call.file is not None:
        headers.update({"content-type": "application/jsonl", "content-length": str(size_of(call.file))})
        read = async_chunks if isinstance(client, httpx.AsyncClient) else chunks
        content = read(call.file)
    timeout = waiting(client, None) if call.long else client.timeout
    try:
        return client.build_request(
            call.method, call.path, content=content, params=call.params, headers=headers, timeout=timeout
        )
    except httpx.InvalidURL:
        names = " and ".join(call.params or ["id"])
        raise invalid(names, "makes the address of the request too long", "LIMIT_EXCEEDED") from None


def waiting(client: Union[httpx.Client, httpx.AsyncClient], seconds: Optional[float]) -> httpx.Timeout:
    """The client's timeouts, with a different read timeout in seconds; None for no limit."""
    limits = client.timeout
    return httpx.Timeout(connect=limits.connect, read=seconds, write=limits.write, pool=limits.pool)


def answer(response: httpx.Response, call: Call[T]) -> T:
    body = _body(response)
    if response.is_success and body is not None:
        try:
            return call.read(body)
        except (AttributeError, KeyError, TypeError, ValueError) as cause:
            raise _foreign(response) from cause
    raise refusal(response)


def refusal(response: httpx.Response) -> OpenMemoryError:
    """The error that a response reports. Its body has been read."""
    body = _body(response)
    if isinstance(body, dict) and "code" in body:
        error = error_of(body, response.status_code, _PARAMETERS)
    else:
        error = _foreign(response)
    after = response.headers.get("retry-after", "0")
    error.retry_after = float(after) if after.isdigit() else 0.0
    return error


def _foreign(response: httpx.Response) -> OpenMemoryError:
    code = {429: "RATE_LIMITED", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "UNAVAILABLE"}
    return OpenMemoryError(
        code.get(response.status_code, "INTERNAL"),
        f"the answer ({response.status_code}) is not an OpenMemory server's; is base_url right?",
        status=response.status_code,
    )


def _body(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def unreachable(error: httpx.RequestError) -> OpenMemoryError:
    code = "TIMEOUT" if isinstance(error, httpx.TimeoutException) else "UNAVAILABLE"
    return OpenMemoryError(code, f"the server has not answered: {error}")


def retry_delay(error: OpenMemoryError, attempt: int) -> Optional[float]:
    """Seconds until the next attempt; None if a retry cannot help or no attempt is left."""
    if attempt == MAX_ATTEMPTS or error.code not in PASSING:
        return None
    backoff = 0.1 * float(2 ** (attempt - 1)) * random.uniform(0.5, 1)
    return min(max(backoff, error.retry_after), 10.0)
