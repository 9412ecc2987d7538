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
    BackupSummary,
    Change,
    DeleteSummary,
    ExportSummary,
    Facet,
    Facets,
    ImportSummary,
    ItemResult,
    LineError,
    Memory,
    MemoryChange,
    MemoryMatch,
    MemoryPage,
    MemoryVersion,
    Waypoint,
)

__all__ = [
    "AsyncOpenMemory",
    "AuthenticationError",
    "BackupSummary",
    "Change",
    "DeleteSummary",
    "ExportSummary",
    "Facet",
    "Facets",
    "ImmutableMemoryError",
    "ImportSummary",
    "ItemResult",
    "LineError",
    "Memory",
    "MemoryChange",
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
