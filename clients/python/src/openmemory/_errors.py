"""Which exceptions are there? One class per kind of failure, with a stable code."""

from __future__ import annotations

from typing import Any, Mapping, Optional

_RETRYABLE = {"LOCKED", "IO", "EMBEDDING_FAILED", "RATE_LIMITED", "TIMEOUT", "UNAVAILABLE"}


class OpenMemoryError(Exception):
    """Base class of all errors of this package."""

    def __init__(self, code: str, message: str, *, status: int = 0, details: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(message)
        self.code = code
        #: The HTTP status; 0 if no server answered.
        self.status = status
        self.details: dict[str, Any] = dict(details or {})
        #: Seconds to wait before a retry, as requested by the server; 0 if it did not say.
        self.retry_after = 0.0
        #: Whether the same call may succeed later.
        self.retryable = code in _RETRYABLE


class ValidationError(OpenMemoryError):
    """``MISSING_ID``, ``INVALID_ARGUMENT`` or ``LIMIT_EXCEEDED``: nothing was changed."""

    @property
    def field(self) -> Optional[str]:
        """The path of the invalid value, such as ``tags[2]``."""
        return self.details.get("field")


class AuthenticationError(OpenMemoryError):
    """``UNAUTHORIZED`` (no valid key) or ``FORBIDDEN``."""


class NotFoundError(OpenMemoryError):
    """``NOT_FOUND``. For a deleted memory, ``details`` says when, at which version, by whom and why it was deleted."""


class VersionConflictError(OpenMemoryError):
    """``VERSION_CONFLICT``: the memory is not at ``if_version``, or the id is already taken."""

    @property
    def version(self) -> int:
        """The current version."""
        return int(self.details["version"])


class ImmutableMemoryError(OpenMemoryError):
    """``IMMUTABLE``: the memory cannot be changed; delete it and add it again."""


class RateLimitError(OpenMemoryError):
    """``RATE_LIMITED``; ``retry_after`` has the seconds to wait."""


_CLASSES: dict[str, type[OpenMemoryError]] = {
    "MISSING_ID": ValidationError,
    "INVALID_ARGUMENT": ValidationError,
    "LIMIT_EXCEEDED": ValidationError,
    "UNAUTHORIZED": AuthenticationError,
    "FORBIDDEN": AuthenticationError,
    "NOT_FOUND": NotFoundError,
    "VERSION_CONFLICT": VersionConflictError,
    "IMMUTABLE": ImmutableMemoryError,
    "RATE_LIMITED": RateLimitError,
}


def error_of(
    body: Mapping[str, Any], status: int = 0, spelling: Optional[Mapping[str, str]] = None
) -> OpenMemoryError:
    """The exception for an error body, with ``field`` in the caller's spelling."""
    code = str(body.get("code", "INTERNAL"))
    message = str(body.get("message", code))
    details = dict(body.get("details") or {})
    if "field" in body:
        details.setdefault("field", body["field"])
    named = str(details.get("field"))
    if spelling and named in spelling:
        details["field"] = spelling[named]
        if message.startswith(f"{named}:"):
            message = spelling[named] + message[len(named) :]
    error = _CLASSES.get(code, OpenMemoryError)(code, message, status=status, details=details)
    error.retryable = bool(body.get("retryable", error.retryable))
    return error


def invalid(field: str, problem: str, code: str = "INVALID_ARGUMENT") -> ValidationError:
    """An error for an argument that is rejected before anything is sent."""
    status = 413 if code == "LIMIT_EXCEEDED" else 400
    return ValidationError(code, f"{field}: {problem}", status=status, details={"field": field})


def closed() -> OpenMemoryError:
    return OpenMemoryError("CLOSED", "this client is closed; make a new one", status=503)
