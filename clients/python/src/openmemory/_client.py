"""What can be asked of a server? The methods of the JavaScript package, in Python's spelling."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, TypeVar, Union, overload

import httpx

from . import _calls
from ._connection import Server
from ._errors import OpenMemoryError, closed, invalid
from ._exchange import Call, answer, pause, refusal, request, unreachable
from ._files import Path, Saving
from ._records import (
    UNSET,
    BackupSummary,
    DeleteSummary,
    ExportSummary,
    ImportSummary,
    ItemResult,
    Memory,
    MemoryChange,
    MemoryMatch,
    MemoryPage,
    MemoryVersion,
    Unset,
    Waypoint,
)
from ._scope import Scope
from ._values import Id, IfExists, Time
from ._watching import Watching

T = TypeVar("T")


class OpenMemory:
    """Memories behind a server.

    Times are ISO 8601 texts, dates (midnight UTC) or datetimes (local time where they have no zone), in filters and
    metadata too. An id or scope may be a ``uuid.UUID``. Other values that JSON does not have are refused by name.

    :param api_key: the key; default: the environment variable ``OPENMEMORY_API_KEY``.
    :param base_url: the server's address; default: ``OPENMEMORY_URL``, else ``http://localhost:8080``. A server on this
        machine is asked directly, another one through the proxies of ``HTTP_PROXY``, ``HTTPS_PROXY`` and ``ALL_PROXY``.
    :param user_id: the default scope: the ``user_id`` of memories added without one, and of lists and searches whose
        filters name no user. None is refused: leave it out to mean everybody's memories.
    :param timeout: seconds for one try of a request; None: no limit.
    :raises ValidationError: naming an argument, or a variable of the environment, that cannot be used.
    """

    def __init__(
        self,
        api_key: Optional[str] = None,
        base_url: Optional[str] = None,
        *,
        user_id: Union[Id, Unset] = UNSET,
        timeout: Optional[float] = 60.0,
    ) -> None:
        self._scope = Scope(user_id)
        self._http = Server.of(base_url, api_key, timeout).client()
        self._closed = False

    def add_memory(
        self,
        content: str,
        *,
        tags: Optional[Sequence[str]] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        user_id: Optional[Id] = None,
        agent_id: Optional[Id] = None,
        app_id: Optional[Id] = None,
        run_id: Optional[Id] = None,
        id: Optional[Id] = None,
        immutable: Optional[bool] = None,
        expires_at: Optional[Time] = None,
        created_at: Optional[Time] = None,
        if_exists: Optional[IfExists] = None,
    ) -> Memory:
        """
        Store a text. If the same user, agent, app and run have it already, it is added again (`"add"`, the default), the
        memory that is there is the answer (`"skip"`, `existed` is true), or that also gets the new tags, metadata and
        expiry (`"touch"`).
        """
        call = _calls.add_memory(
            self._scope,
            content=content,
            tags=tags,
            metadata=metadata,
            user_id=user_id,
            agent_id=agent_id,
            app_id=app_id,
            run_id=run_id,
            id=id,
            immutable=immutable,
            expires_at=expires_at,
            created_at=created_at,
            if_exists=if_exists,
        )
        return self._send(call)

    def add_memories(
        self,
        memories: Iterable[Mapping[str, Any]],
        *,
        atomic: bool = False,
        if_exists: Optional[IfExists] = None,
    ) -> list[ItemResult]:
        """Store 1 to 1000 texts, each with a result of its own, in order. `if_exists` is for those that do not say it."""
        return self._send(_calls.add_memories(memories, atomic, self._scope, if_exists=if_exists))

    def get_memory(self, memory_id: Id, *, version: Optional[int] = None, at: Optional[Time] = None) -> Memory:
        """The memory as it is now, or an earlier state of it."""
        return self._send(_calls.get_memory(memory_id, version, at))

    def list_memories(
        self,
        *,
        filters: Optional[Mapping[str, Any]] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        order: Optional[str] = None,
        show_expired: Optional[bool] = None,
    ) -> MemoryPage:
        """One page of memories, newest first."""
        call = _calls.list_memories(
            filters=self._scope.filters(filters), limit=limit, cursor=cursor, order=order, show_expired=show_expired
        )
        return self._send(call)

    def iterate_memories(
        self,
        *,
        filters: Optional[Mapping[str, Any]] = None,
        limit: int = 100,
        order: Optional[str] = None,
        show_expired: Optional[bool] = None,
    ) -> Iterator[Memory]:
        """All memories that fit, each once, read in pages of ``limit``."""
        cursor: Optional[str] = None
        # A memory that is updated on the way moves to the end of its order, and is met again there.
        met: Optional[set[str]] = set() if isinstance(order, str) and order.startswith("updated_at") else None
        while True:
            page = self.list_memories(
                filters=filters, limit=limit, order=order, cursor=cursor, show_expired=show_expired
            )
            for memory in page.memories:
                if met is not None:
                    if memory.id in met:
                        continue
                    met.add(memory.id)
                yield memory
            cursor = page.next_cursor
            if cursor is None:
                return

    def update_memory(
        self,
        memory_id: Id,
        *,
        content: Optional[str] = None,
        tags: Optional[Sequence[str]] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        expires_at: Union[Time, None, Unset] = UNSET,
        if_version: Optional[int] = None,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Memory:
        """Change a memory. ``tags`` replaces all; ``metadata`` is merged, and None in it removes a field;
        ``expires_at=None`` clears it."""
        call = _calls.update_memory(
            memory_id,
            expires_at,
            content=content,
            tags=tags,
            metadata=metadata,
            if_version=if_version,
            actor=actor,
            reason=reason,
        )
        return self._send(call)

    def update_memories(
        self,
        updates: Iterable[Mapping[str, Any]],
        *,
        atomic: bool = False,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> list[ItemResult]:
        """Apply 1 to 1000 patches, ``{"id": …, "content": …, "ifVersion": …}``, each with a result of its own."""
        return self._send(_calls.update_memories(updates, atomic, actor=actor, reason=reason))

    def delete_memory(
        self,
        memory_id: Id,
        *,
        if_version: Optional[int] = None,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Memory:
        """
        Remove a memory for good, with its history. Answers what it was. `actor` and `reason` are told to who asks for it
        later.
        """
        return self._send(_calls.delete_memory(memory_id, if_version=if_version, actor=actor, reason=reason))

    @overload
    def delete_memories(self, ids: Iterable[Id]) -> list[ItemResult]: ...
    @overload
    def delete_memories(self, *, filters: Mapping[str, Any]) -> DeleteSummary: ...
    @overload
    def delete_memories(self, *, all: bool) -> DeleteSummary: ...
    def delete_memories(
        self,
        ids: Optional[Iterable[Id]] = None,
        *,
        filters: Optional[Mapping[str, Any]] = None,
        all: bool = False,
    ) -> Union[list[ItemResult], DeleteSummary]:
        """Delete by id, by filters, or all memories (of ``user_id``, where the client has one)."""
        if not isinstance(all, bool):
            raise invalid("all", "must be True")
        if (ids is not None) + (filters is not None) + all != 1:
            raise invalid("filters", "say which memories: ids, filters, or all=True")
        if ids is not None:
            return self._send(_calls.delete_memories(ids))
        if filters == {}:
            raise invalid("filters", "must not be empty; to delete all memories, say all=True")
        return self._send(_calls.delete_matching(self._scope.filters(filters)))

    def search_memories(
        self,
        query: str,
        *,
        limit: Optional[int] = None,
        filters: Optional[Mapping[str, Any]] = None,
        sectors: Optional[Sequence[str]] = None,
        min_score: Optional[float] = None,
        explain: Optional[bool] = None,
        show_expired: Optional[bool] = None,
        k: Optional[int] = None,
    ) -> list[MemoryMatch]:
        """The memories whose meaning is nearest to the query, best first.

        ``limit`` is the maximum number of hits, 1 to 1000 (8). ``k`` is its older name and deprecated.
        """
        call = _calls.search_memories(
            query=query,
            limit=limit,
            k=k,
            filters=self._scope.filters(filters),
            sectors=sectors,
            min_score=min_score,
            explain=explain,
            show_expired=show_expired,
        )
        return self._send(call)

    def reinforce_memory(self, memory_id: Id, *, boost: Optional[float] = None) -> Memory:
        """Make a memory more salient."""
        return self._send(_calls.reinforce_memory(memory_id, boost))

    def get_history(
        self, memory_id: Id, *, limit: Optional[int] = None, before: Optional[int] = None
    ) -> list[MemoryVersion]:
        """The versions of a memory, newest first."""
        return self._send(_calls.get_history(memory_id, limit, before))

    def restore_memory(
        self,
        memory_id: Id,
        version: int,
        *,
        if_version: Optional[int] = None,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Memory:
        """Bring back an earlier version, as a new one."""
        return self._send(_calls.restore_memory(memory_id, version, if_version=if_version, actor=actor, reason=reason))

    def send_feedback(self, memory_id: Id, feedback: Optional[str], *, reason: Optional[str] = None) -> Memory:
        """``POSITIVE``, ``NEGATIVE``, ``VERY_NEGATIVE``, or None to take it back."""
        return self._send(_calls.send_feedback(memory_id, feedback, reason))

    def get_waypoints(self, memory_id: Id) -> list[Waypoint]:
        """The memory's links to others, strongest first."""
        return self._send(_calls.get_waypoints(memory_id))

    def reindex(self) -> dict[str, Any]:
        """Embed everything anew with the server's model."""
        return self._send(_calls.reindex())

    def watch(
        self, *, filters: Optional[Mapping[str, Any]] = None, since: Optional[Time] = None
    ) -> Iterator[MemoryChange]:
        """Committed changes, as they happen, from the first iteration on: or behind the change whose ``cursor`` is
        ``since``, or since a time.

        A lost connection is made again where it was, for a minute; changes of the last minute can be told again then: go
        by ``version``. One who falls behind more than the server keeps gets ``UNAVAILABLE``, and can watch again with
        the last ``cursor``."""
        watching = Watching(self._scope.filters(filters), since)
        while True:
            failed: Union[httpx.RequestError, OpenMemoryError, None] = None
            try:
                with self._streamed(watching.request(self._open())) as response:
                    for text in response.iter_text():
                        for change in watching.read(text):
                            yield change
            except (httpx.RequestError, OpenMemoryError) as error:
                failed = error
            if self._closed:
                raise closed() from failed
            time.sleep(watching.pause(failed))

    def export_to(self, file: Path, *, filters: Optional[Mapping[str, Any]] = None) -> ExportSummary:
        """Write all memories with their whole history to a file of this machine, which gets its name when it is whole.
        Of a link the target is replaced; a pipe or a device is written into."""
        call = _calls.export(self._scope.filters(filters))

        def save() -> ExportSummary:
            with Saving(file) as saving:
                with self._streamed(request(self._open(), call)) as response:
                    for chunk in response.iter_bytes():
                        saving.write(chunk)
                return saving.finish()

        return self._tried(save)

    def import_from(self, file: Path, *, on_conflict: Optional[str] = None) -> ImportSummary:
        """Import the memories of a file of this machine. ``on_conflict`` says what becomes of one whose id the store has
        with another history: ``report`` (default), ``skip`` or ``replace``. Interrupted, it goes on where it stopped
        when it is called again."""
        return self._send(_calls.import_from(file, on_conflict))

    def backup(self, name: str) -> BackupSummary:
        """Copy the store to a directory of this name beside the server, which must have one for backups."""
        return self._send(_calls.backup(name))

    def compact(self) -> dict[str, Any]:
        """Take deleted texts out of the server's files. Answers their bytes before and after."""
        return self._send(_calls.compact())

    def stats(self) -> dict[str, Any]:
        """Counts and sizes."""
        return self._send(_calls.stats())

    def ready(self) -> None:
        """Returns when the server has filled its index and loaded its model."""
        self._send(_calls.ready())

    def close(self) -> None:
        """Close the connections. Calls that come later are refused with ``CLOSED``; closing again does nothing."""
        self._closed = True
        self._http.close()

    def __enter__(self) -> OpenMemory:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def _open(self) -> httpx.Client:
        if self._closed:
            raise closed()
        return self._http

    def _send(self, call: Call[T]) -> T:
        client = self._open()
        if call.known is not None:
            return call.known
        sent = request(client, call)

        def ask() -> T:
            # A file is read anew each time.
            again = sent if call.file is None else request(self._open(), call)
            return answer(self._open().send(again), call)

        return self._tried(ask)

    def _tried(self, work: Callable[[], T]) -> T:
        attempt = 0
        while True:
            attempt += 1
            try:
                return work()
            except (httpx.RequestError, RuntimeError) as cause:
                if self._closed:
                    raise closed() from cause
                if not isinstance(cause, httpx.RequestError):
                    raise
                error, broken = unreachable(cause), cause
            except OpenMemoryError as refused:
                if self._closed:
                    raise
                error, broken = refused, None
            wait = pause(error, attempt)
            if wait is None:
                raise error from broken
            time.sleep(wait)

    @contextmanager
    def _streamed(self, sent: httpx.Request) -> Iterator[httpx.Response]:
        """An answer that is read as it comes."""
        response = self._open().send(sent, stream=True)
        try:
            if not response.is_success:
                response.read()
                raise refusal(response)
            yield response
        finally:
            response.close()
