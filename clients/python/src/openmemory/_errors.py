"""Which exceptions are there? One class for each kind of failure, with the code that never changes."""

from __future__ import annotations

from typing import Any, Mapping, Optional

_RETRYABLE = {"LOCKED", "IO", "EMBEDDING_FAILED", "RATE_LIMITED", "TIMEOUT", "UNAVAILABLE"}


class OpenMemoryError(Exception):
    """Every failure of this package."""

    def __init__(self, code: str, message: str, *, status: int = 0, details: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(message)
        self.code = code
        #: The HTTP status of such a failure; 0 where no server has answered.
        self.status = status
        self.details: dict[str, Any] = dict(details or {})
        #: Seconds that the server asks to wait before another try.
        self.retry_after = 0.0
        #: Whether the same call may succeed later.
        self.retryable = code in _RETRYABLE


class ValidationError(OpenMemoryError):
    """``MISSING_ID``, ``INVALID_ARGUMENT`` or ``LIMIT_EXCEEDED``: nothing has changed."""

    @property
    def field(self) -> Optional[str]:
        """What is wrong, as a path such as ``tags[2]``."""
        return self.details.get("field")


class AuthenticationError(OpenMemoryError):
    """``UNAUTHORIZED`` or ``FORBIDDEN``."""


class NotFoundError(OpenMemoryError):
    """``NOT_FOUND``; ``details`` tell where the memory was deleted."""


class VersionConflictError(OpenMemoryError):
    """``VERSION_CONFLICT``: the memory is not at the version that ``if_version`` named."""

    @property
    def version(self) -> int:
        """The current version."""
        return int(self.details["version"])


class ImmutableMemoryError(OpenMemoryError):
    """``IMMUTABLE``: delete the memory and add it again instead."""


class RateLimitError(OpenMemoryError):
    """``RATE_LIMITED``."""


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
    """The exception for what a server tells of a refusal, with the caller's name for its field."""
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
    """A refusal before anything is sent."""
    status = 413 if code == "LIMIT_EXCEEDED" else 400
    return ValidationError(code, f"{field}: {problem}", status=status, details={"field": field})


def closed() -> OpenMemoryError:
    return OpenMemoryError("CLOSED", "this client is closed; make a new one", status=503)
