"""Client of an OpenMemory server: long-term memory for AI agents."""

from ._async_client import AsyncOpenMemory
from ._client import OpenMemory
from ._errors import (
    AuthenticationError,
    ImmutableMemoryError,
    NotFoundError,
    OpenMemoryError,
    RateLimitError,
    ValidationError,
    VersionConflictError,
)
from ._records import (
    Change,
    DeleteSummary,
    ItemResult,
    Memory,
    MemoryMatch,
    MemoryPage,
    MemoryVersion,
    Waypoint,
)

__all__ = [
    "AsyncOpenMemory",
    "AuthenticationError",
    "Change",
    "DeleteSummary",
    "ImmutableMemoryError",
    "ItemResult",
    "Memory",
    "MemoryMatch",
    "MemoryPage",
    "MemoryVersion",
    "NotFoundError",
    "OpenMemory",
    "OpenMemoryError",
    "RateLimitError",
    "ValidationError",
    "VersionConflictError",
    "Waypoint",
]
