"""Asynchronous client: the methods of ``OpenMemory`` as coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, TypeVar, Union, overload

import httpx

from . import _calls
from ._connection import Server
from ._errors import OpenMemoryError, closed, invalid
from ._event_loops import ClientPerLoop
from ._exchange import Call, answer, refusal, request, retry_delay, unreachable
from ._files import ExportFile, Path
from ._records import (
    UNSET,
    BackupSummary,
    ContextBlock,
    DeleteSummary,
    ExportSummary,
    Facets,
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
from ._values import Id, IfExists, OnConflict, Retired, Time
from ._watching import Watching

T = TypeVar("T")


class AsyncOpenMemory:
    """Asynchronous client of an OpenMemory server. One object works in every event loop.

    Times are ISO 8601 strings, dates (midnight UTC) or datetimes (local time if naive), also in filters and metadata.
    An id or scope may be a ``uuid.UUID``. Any other value that JSON cannot represent raises a ``ValidationError``.
    Transient failures are retried up to three times.

    :param api_key: API key. Default: the environment variable ``OPENMEMORY_API_KEY``.
    :param base_url: URL of the server. Default: ``OPENMEMORY_URL``, or ``http://localhost:8080``. The client connects
        to a server on this machine directly, and to others through ``HTTP_PROXY``, ``HTTPS_PROXY`` or ``ALL_PROXY``.
    :param user_id: Default scope: the ``user_id`` of memories added without one, and of calls whose filters name no
        user. None is rejected; omit the argument to access the memories of all users.
    :param timeout: Timeout of each attempt, in seconds; None for no limit. ``reindex``, ``compact``, ``backup`` and
        ``import_from`` wait for the response without a limit.
    :raises ValidationError: If an argument or environment variable is invalid; ``field`` names it.
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
        self._connections = ClientPerLoop(Server.of(base_url, api_key, timeout))

    async def add_memory(
        self,
        content: Union[str, Sequence[str], None],
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
        valid_from: Optional[Time] = None,
        valid_to: Optional[Time] = None,
        vector: Union[Sequence[float], Sequence[Sequence[float]], None] = None,
        embed: Optional[bool] = None,
        if_exists: Optional[IfExists] = None,
        on_conflict: Optional[OnConflict] = None,
    ) -> Memory:
        """Store a text as a new memory.

        :param valid_from: Since when it is true, or when it happened: ``"2024"``, ``"2024-05"``, ``"2024-05-17"``, a date or a
            time. Default: unknown.
        :param valid_to: Until when it is true: a time, or the end of a year, month or day. Default: it still is.
        :param if_exists: What to do if a memory with the same user, agent, app and run has this text. ``"add"``
            (default) adds another one, ``"skip"`` returns the existing memory, and ``"touch"`` also merges tags and
            metadata into it and sets its expiry.
        :param content: The text. Several texts, as a list, are kept as one with a form feed between them, and each has a
            vector of its own. None: a memory without text, which only filters find; it needs tags or metadata.
        :param vector: The vector of the text by the server's model, if you have it: the text is not embedded. For several
            texts, one vector of all of them or a list with one for each.
        :param embed: False: the text is not embedded, and found by its words and by filters only. Default: True.
        :param on_conflict: What to do if ``id`` is taken by a memory of the same user, agent, app and run. ``"report"``
            (default) refuses it, ``"skip"`` returns the existing memory, and ``"replace"`` gives it a version with this
            content, and these tags, metadata and expiry.
        :returns: The new memory, or the existing one with ``existed=True``.
        :raises ValidationError: If a value is invalid or exceeds its limit.
        :raises VersionConflictError: If the ``id`` is already taken, unless ``on_conflict`` says otherwise.
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
            valid_from=valid_from,
            valid_to=valid_to,
            vector=vector,
            embed=embed,
            if_exists=if_exists,
            on_conflict=on_conflict,
        )
        return await self._send(call)

    async def add_memories(
        self,
        memories: Iterable[Mapping[str, Any]],
        *,
        atomic: bool = False,
        if_exists: Optional[IfExists] = None,
        on_conflict: Optional[OnConflict] = None,
    ) -> list[ItemResult]:
        """Store 1 to 1000 texts, each a mapping with the arguments of ``add_memory``.

        :param atomic: Store all items or none. Default: an invalid item does not stop the others.
        :param if_exists: For items that do not set it themselves. Default: ``"add"``.
        :param on_conflict: For items that do not set it themselves. Default: ``"report"``.
        :returns: One result per item, in order.
        :raises ValidationError: If there are no items or more than 1000.
        """
        return await self._send(_calls.add_memories(memories, atomic, self._scope, if_exists=if_exists, on_conflict=on_conflict))

    async def get_memory(
        self,
        memory_id: Id,
        *,
        version: Optional[int] = None,
        at: Optional[Time] = None,
        as_of: Optional[Time] = None,
    ) -> Memory:
        """Return a memory in its current state, in a ``version``, or at a point in time.

        :param at: What was true at this time: ``"2024"``, ``"2024-05"``, ``"2024-05-17"``, a date or a time.
        :param as_of: What the store said at this time.

        :raises NotFoundError: If there is no such memory or version. For a deleted memory, ``details["deleted"]`` is
            true.
        """
        return await self._send(_calls.get_memory(memory_id, version=version, at=at, as_of=as_of))

    async def list_memories(
        self,
        *,
        filters: Optional[Mapping[str, Any]] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        order: Optional[str] = None,
        show_expired: Optional[bool] = None,
        show_retired: Optional[bool] = None,
        at: Optional[Time] = None,
        as_of: Optional[Time] = None,
    ) -> MemoryPage:
        """Return one page of memories.

        :param limit: Memories per page, 1 to 1000. Default: 100.
        :param cursor: ``next_cursor`` of the previous page, with the same filters and order.
        :param order: ``created_at:desc`` (default), ``created_at:asc``, ``updated_at:desc`` or ``updated_at:asc``.
        :param show_expired: Include expired memories. Default: False.
        :param show_retired: Include memories that are retired or have ended. Default: False.
        :param at: What was true at this time.
        :param as_of: What the store said at this time.
        """
        call = _calls.list_memories(
            filters=self._scope.filters(filters),
            limit=limit,
            cursor=cursor,
            order=order,
            show_expired=show_expired,
            show_retired=show_retired,
            at=at,
            as_of=as_of,
        )
        return await self._send(call)

    async def iterate_memories(
        self,
        *,
        filters: Optional[Mapping[str, Any]] = None,
        limit: int = 100,
        order: Optional[str] = None,
        show_expired: Optional[bool] = None,
        show_retired: Optional[bool] = None,
        at: Optional[Time] = None,
        as_of: Optional[Time] = None,
    ) -> AsyncIterator[Memory]:
        """Iterate over all matching memories, each once, reading pages of ``limit`` (1 to 1000) memories.

        The other arguments are those of ``list_memories``.
        """
        cursor: Optional[str] = None
        # A memory that is updated during the iteration moves to the end of this order and would be returned again.
        seen: Optional[set[str]] = set() if isinstance(order, str) and order.startswith("updated_at") else None
        while True:
            page = await self.list_memories(
                filters=filters,
                limit=limit,
                order=order,
                cursor=cursor,
                show_expired=show_expired,
                show_retired=show_retired,
                at=at,
                as_of=as_of,
            )
            for memory in page.memories:
                if seen is not None:
                    if memory.id in seen:
                        continue
                    seen.add(memory.id)
                yield memory
            cursor = page.next_cursor
            if cursor is None:
                return

    async def update_memory(
        self,
        memory_id: Id,
        *,
        content: Union[str, Sequence[str], None] = None,
        tags: Optional[Sequence[str]] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        expires_at: Union[Time, None, Unset] = UNSET,
        valid_from: Union[Time, None, Unset] = UNSET,
        valid_to: Union[Time, None, Unset] = UNSET,
        correction: Optional[bool] = None,
        if_version: Optional[int] = None,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Memory:
        """Change a memory; fields that are not given keep their value.

        :param tags: Replaces all tags.
        :param metadata: Merged field by field; None removes a field.
        :param expires_at: None removes the expiry.
        :param valid_from: Since when it is true. Default for a new text: now. Only a correction may move it back.
        :param valid_to: Until when it is true; None removes it.
        :param correction: The state before never was true, so its dates stay. Default: False.
        :param if_version: Update only if this is the current version.
        :param actor: Who made the change, for the history.
        :param reason: Why, for the history.
        :raises NotFoundError: If there is no such memory.
        :raises VersionConflictError: If the memory is not at ``if_version``.
        :raises ImmutableMemoryError: If the memory is immutable.
        :raises ValidationError: If a value is invalid or exceeds its limit.
        """
        call = _calls.update_memory(
            memory_id,
            {"expires_at": expires_at, "valid_from": valid_from, "valid_to": valid_to},
            content=content,
            tags=tags,
            metadata=metadata,
            correction=correction,
            if_version=if_version,
            actor=actor,
            reason=reason,
        )
        return await self._send(call)

    async def update_memories(
        self,
        updates: Iterable[Mapping[str, Any]],
        *,
        atomic: bool = False,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> list[ItemResult]:
        """Apply 1 to 1000 patches, each a mapping such as ``{"id": …, "content": …, "if_version": …}``.

        :param atomic: Apply all patches or none. Default: a rejected patch does not stop the others.
        :returns: One result per patch, in order.
        :raises ValidationError: If there are no patches or more than 1000.
        """
        return await self._send(_calls.update_memories(updates, atomic, actor=actor, reason=reason))

    async def apply_operations(
        self,
        operations: Iterable[Mapping[str, Any]],
        *,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> list[ItemResult]:
        """Add, change, retire, restore and delete memories in one commit: all or none.

        :param operations: 1 to 1000 mappings with one key each: ``add``, ``update``, ``retire``, ``merge``, ``restore`` or ``delete``,
            and as value the fields of that call, such as ``{"retire": {"id": …, "if_version": 2}}``.
        :returns: One result per operation, in order. If one is refused, the others have ``ABORTED``, and nothing changes.
        :raises ValidationError: If there are no operations or more than 1000.
        """
        return await self._send(_calls.apply_operations(operations, self._scope, actor=actor, reason=reason))

    async def undo_operations(
        self, results: Iterable[ItemResult], *, actor: Optional[str] = None, reason: Optional[str] = None
    ) -> list[ItemResult]:
        """Undo what ``apply_operations`` did, in one commit, unless a memory has changed since.

        :param results: What ``apply_operations`` returned.
        :returns: One result for each memory that was changed, the last one first.
        :raises ValidationError: If a memory was deleted: it cannot be brought back.
        """
        operations = _calls.undoing(results)
        if not operations:
            return []
        return await self._send(_calls.apply_operations(operations, self._scope, actor=actor, reason=reason))

    async def delete_memory(
        self,
        memory_id: Id,
        *,
        if_version: Optional[int] = None,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Memory:
        """Delete a memory and its history permanently.

        :param if_version: Delete only if this is the current version.
        :param actor: Who deleted it. Later reads of the id raise a ``NotFoundError`` with it in ``details``.
        :param reason: Why, likewise in ``details``.
        :returns: The last state of the memory, with ``deleted_at``.
        :raises NotFoundError: If there is no such memory.
        :raises VersionConflictError: If the memory is not at ``if_version``.
        """
        return await self._send(_calls.delete_memory(memory_id, if_version=if_version, actor=actor, reason=reason))

    @overload
    async def delete_memories(self, ids: Iterable[Id]) -> list[ItemResult]: ...
    @overload
    async def delete_memories(self, *, filters: Mapping[str, Any]) -> DeleteSummary: ...
    @overload
    async def delete_memories(self, *, all: bool) -> DeleteSummary: ...
    async def delete_memories(
        self,
        ids: Optional[Iterable[Id]] = None,
        *,
        filters: Optional[Mapping[str, Any]] = None,
        all: bool = False,
    ) -> Union[list[ItemResult], DeleteSummary]:
        """Delete 1 to 1000 memories by id, all memories that match ``filters``, or all memories.

        With the client's ``user_id``, ``all`` and filters that name no user are limited to that user.

        :returns: One result per id, in order. For ``filters`` and ``all``: the number of memories and their ids.
        :raises ValidationError: Unless exactly one of ``ids``, ``filters`` and ``all`` is given, or if it is empty.
        """
        if not isinstance(all, bool):
            raise invalid("all", "must be True")
        if (ids is not None) + (filters is not None) + all != 1:
            raise invalid("filters", "say which memories: ids, filters, or all=True")
        if ids is not None:
            return await self._send(_calls.delete_memories(ids))
        if filters == {}:
            raise invalid("filters", "must not be empty; to delete all memories, say all=True")
        return await self._send(_calls.delete_matching(self._scope.filters(filters)))

    async def search_memories(
        self,
        query: str,
        *,
        limit: Optional[int] = None,
        offset: Optional[int] = None,
        vector: Optional[Sequence[float]] = None,
        filters: Optional[Mapping[str, Any]] = None,
        sectors: Optional[Sequence[str]] = None,
        min_score: Optional[float] = None,
        explain: Optional[bool] = None,
        show_expired: Optional[bool] = None,
        show_retired: Optional[bool] = None,
        at: Optional[Time] = None,
        as_of: Optional[Time] = None,
        reference_time: Optional[Time] = None,
        history: Optional[int] = None,
        include_history: Optional[bool] = None,
        k: Optional[int] = None,
    ) -> list[MemoryMatch]:
        """Find the memories that best answer a query, by words and meaning, best first.

        :param query: A question or a topic, 1 to 8192 characters.
        :param limit: Maximum number of hits, 1 to 1000. Default: 8.
        :param offset: How many of the best hits to skip, at most 10,000. Default: 0.
        :param vector: The vector of the query by the server's model, if you have it; the query may then be empty.
        :param sectors: Only memories of these sectors. Default: all.
        :param min_score: Only hits with at least this score, 0 to 1. Default: 0.
        :param explain: Add the features of the score to each hit. Default: False.
        :param show_expired: Include expired memories. Default: False.
        :param show_retired: Include memories that are retired or have ended. Default: False.
        :param at: What was true at this time.
        :param as_of: What the store said at this time.
        :param reference_time: When the question is asked: what "last month" in it refers to. Default: now.
        :param history: How many texts that were true before each hit has in ``before``, 0 to 16. Default: 0.
        :param include_history: Find texts that were replaced too; such a hit has ``current=False``. Default: False.
        :param k: Deprecated name of ``limit``.
        """
        call = _calls.search_memories(
            query=query,
            limit=limit,
            offset=offset,
            vector=vector,
            k=k,
            filters=self._scope.filters(filters),
            sectors=sectors,
            min_score=min_score,
            explain=explain,
            show_expired=show_expired,
            show_retired=show_retired,
            at=at,
            as_of=as_of,
            reference_time=reference_time,
            history=history,
            include_history=include_history,
        )
        return await self._send(call)

    async def context(
        self,
        query: str,
        *,
        tokens: Optional[int] = None,
        order: Optional[str] = None,
        limit: Optional[int] = None,
        filters: Optional[Mapping[str, Any]] = None,
        sectors: Optional[Sequence[str]] = None,
        min_score: Optional[float] = None,
        show_expired: Optional[bool] = None,
        show_retired: Optional[bool] = None,
        at: Optional[Time] = None,
        as_of: Optional[Time] = None,
        reference_time: Optional[Time] = None,
        history: Optional[int] = None,
        include_history: Optional[bool] = None,
    ) -> ContextBlock:
        """Write the memories that best answer a query as a block for a prompt: dated lines between two tags.

        Whatever a memory says, it cannot leave its line or close the block.

        :param tokens: The most tokens of the block, one for each three bytes of UTF-8. Default: 1000.
        :param order: ``time``, newest truth first, or ``relevance``, best match first. Default: ``time``.
        :param limit: How many memories to look at, 1 to 1000. Default: 32.
        :param min_score: Only memories with at least this score, 0 to 1. Default: 0.1.
        :param history: How many texts that were true before are told with each memory, 0 to 16. Default: 2.
        :returns: The text, its memories, its tokens, and how many memories did not fit.
        :raises ValidationError: If an option is out of range.

        The other options are those of :meth:`search_memories`.
        """
        call = _calls.context(
            query=query,
            tokens=tokens,
            order=order,
            limit=limit,
            filters=self._scope.filters(filters),
            sectors=sectors,
            min_score=min_score,
            show_expired=show_expired,
            show_retired=show_retired,
            at=at,
            as_of=as_of,
            reference_time=reference_time,
            history=history,
            include_history=include_history,
        )
        return await self._send(call)

    async def facets(
        self,
        field: str,
        *,
        filters: Optional[Mapping[str, Any]] = None,
        limit: Optional[int] = None,
        show_expired: Optional[bool] = None,
        show_retired: Optional[bool] = None,
    ) -> Facets:
        """Count the distinct values of a field.

        :param field: ``user_id``, ``agent_id``, ``app_id``, ``run_id``, ``tags``, ``sectors``, ``primary_sector`` or a path
            such as ``metadata.topic``. Of a list each element counts, once for each memory; objects do not count.
        :param limit: Maximum number of values, 1 to 10,000. Default: 100.
        :param show_expired: Include expired memories. Default: False.
        :param show_retired: Include memories that are retired or have ended. Default: False.
        :returns: The values with their counts, the most frequent first.
        :raises ValidationError: If the field has no countable values.
        """
        call = _calls.facets(
            field=field,
            filters=self._scope.filters(filters),
            limit=limit,
            show_expired=show_expired,
            show_retired=show_retired,
        )
        return await self._send(call)

    async def touch_memories(self, ids: Iterable[Id], *, expires_at: Optional[Time]) -> list[ItemResult]:
        """Change when 1 to 1000 memories expire, in one commit. Their versions do not change.

        :param expires_at: The new expiry; None clears it.
        :returns: One result per id, in order.
        """
        return await self._send(_calls.touch_memories(ids, expires_at))

    async def reinforce_memory(self, memory_id: Id, *, boost: Optional[float] = None) -> Memory:
        """Increase the salience of a memory. Its version does not change.

        :param boost: How much salience to add, above 0 and at most 1. Default: 0.1.
        :raises NotFoundError: If there is no such memory.
        """
        return await self._send(_calls.reinforce_memory(memory_id, boost))

    async def get_history(
        self, memory_id: Id, *, limit: Optional[int] = None, before: Optional[int] = None
    ) -> list[MemoryVersion]:
        """Return the versions of a memory, newest first, including the current one.

        :param limit: Maximum number of versions, 1 to 1000. Default: 100.
        :param before: Only versions below this number.
        :raises NotFoundError: If there is no such memory.
        """
        return await self._send(_calls.get_history(memory_id, limit, before))

    async def restore_memory(
        self,
        memory_id: Id,
        version: int,
        *,
        if_version: Optional[int] = None,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Memory:
        """Restore an earlier version as a new one.

        :raises NotFoundError: If there is no such memory or version.
        :raises VersionConflictError: If the memory is not at ``if_version``.
        :raises ImmutableMemoryError: If the memory is immutable.
        """
        return await self._send(_calls.restore_memory(memory_id, version, if_version=if_version, actor=actor, reason=reason))

    async def retire_memory(
        self,
        memory_id: Id,
        *,
        why: Optional[Retired] = None,
        valid_to: Optional[Time] = None,
        if_version: Optional[int] = None,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Memory:
        """Record that a memory is not true any longer, or never was, as a new version. Lists and searches leave it out.

        :param why: ``"ended"`` (default) or ``"wrong"``.
        :param valid_to: Until when it was true. Default: now. Not with ``"wrong"``.
        :param if_version: Retire it only if this is the current version.
        :returns: The memory after the change; ``restore_memory`` takes it back.
        :raises NotFoundError: If there is no such memory.
        :raises VersionConflictError: If the memory is not at ``if_version``.
        :raises ImmutableMemoryError: If the memory is immutable.
        :raises ValidationError: If ``valid_to`` is before the memory's ``valid_from``.
        """
        call = _calls.retire_memory(
            memory_id, why=why, valid_to=valid_to, if_version=if_version, actor=actor, reason=reason
        )
        return await self._send(call)

    async def learn(
        self,
        messages: Union[str, Iterable[Mapping[str, Any]]],
        *,
        user_id: Optional[Id] = None,
        agent_id: Optional[Id] = None,
        app_id: Optional[Id] = None,
        run_id: Optional[Id] = None,
        tags: Optional[Sequence[str]] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        expires_at: Optional[Time] = None,
        immutable: Optional[bool] = None,
        at: Optional[Time] = None,
        timezone: Optional[str] = None,
        instructions: Optional[str] = None,
        from_: Optional[Sequence[str]] = None,
        allow: Optional[Mapping[str, bool]] = None,
        mode: Optional[str] = None,
        keep_messages: Optional[str] = None,
        redact: Optional[bool] = None,
        filters: Optional[Mapping[str, Any]] = None,
        categories: Optional[Sequence[Union[str, Mapping[str, str]]]] = None,
        max_operations: Optional[int] = None,
        wait: bool = True,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> dict[str, Any]:
        """Learn from a conversation with the server's language model, which proposes; the server checks and applies.

        :param messages: What the user said, or messages with ``content`` and ``role``, ``name``, ``at``, ``id``.
        :param at: When messages without a time were said. Default: now.
        :param from_: Whose words may become memories: ``user`` (default), ``assistant``, ``tool``.
        :param mode: ``apply`` (default), ``review``, ``propose`` or ``dry``.
        :param keep_messages: ``log`` (default), ``memories`` or ``none``.
        :param categories: Of which the model chooses for each memory that it adds, names or objects of ``name`` and
            ``about``; they become tags.
        :param filters: Which memories of the scope may be changed.
        :param wait: False: return once the messages are kept, with a learning that is ``pending``; the server learns from
            them afterwards, and :meth:`get_learning` has the outcome.
        :returns: The learning: ``id``, ``status``, ``operations``, ``messages``, ``usage``.
        :raises OpenMemoryError: ``NO_LANGUAGE_MODEL`` if the server has none; ``LANGUAGE_MODEL_FAILED``.
        :raises ValidationError: If a value is invalid or exceeds its limit.
        """
        call = _calls.learn(
            self._scope,
            messages,
            user_id=user_id,
            agent_id=agent_id,
            app_id=app_id,
            run_id=run_id,
            tags=tags,
            metadata=metadata,
            expires_at=expires_at,
            immutable=immutable,
            at=at,
            timezone=timezone,
            instructions=instructions,
            allow=allow,
            mode=mode,
            keep_messages=keep_messages,
            redact=redact,
            filters=filters,
            categories=_calls.named(categories),
            max_operations=max_operations,
            wait=wait,
            actor=actor,
            reason=reason,
            **({} if from_ is None else {"from": from_}),
        )
        return await self._send(call)

    async def consolidate(
        self,
        *,
        memories: Optional[list[Id]] = None,
        feedback: Optional[str] = None,
        limit: Optional[int] = None,
        user_id: Optional[Id] = None,
        agent_id: Optional[Id] = None,
        app_id: Optional[Id] = None,
        run_id: Optional[Id] = None,
        filters: Optional[Mapping[str, Any]] = None,
        instructions: Optional[str] = None,
        mode: Optional[str] = None,
        max_operations: Optional[int] = None,
        wait: bool = True,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Optional[dict[str, Any]]:
        """Have the server's language model merge and retire similar memories, or correct those that are named.

        :param memories: Ids of the memories to look at; None looks at the newest ``limit`` ones.
        :param feedback: What is wrong with ``memories``.
        :param mode: ``review`` leaves changes for :meth:`decide`; ``apply``, ``propose`` and ``dry`` as for :meth:`learn`.
        :param wait: As for :meth:`learn`.
        :returns: The learning; None if no memories are similar, and nobody was asked.
        :raises NotFoundError: If one of ``memories`` does not exist.
        :raises OpenMemoryError: ``NO_LANGUAGE_MODEL`` or ``LANGUAGE_MODEL_FAILED``.
        """
        call = _calls.consolidate(
            self._scope,
            memories=memories,
            feedback=feedback,
            limit=limit,
            user_id=user_id,
            agent_id=agent_id,
            app_id=app_id,
            run_id=run_id,
            filters=filters,
            instructions=instructions,
            mode=mode,
            maxOperations=max_operations,
            wait=wait,
            actor=actor,
            reason=reason,
        )
        return await self._send(call)

    async def relearn(
        self,
        *,
        user_id: Optional[Id] = None,
        agent_id: Optional[Id] = None,
        app_id: Optional[Id] = None,
        run_id: Optional[Id] = None,
        from_: Optional[list[str]] = None,
        filters: Optional[Mapping[str, Any]] = None,
        timezone: Optional[str] = None,
        instructions: Optional[str] = None,
        mode: Optional[str] = None,
        max_operations: Optional[int] = None,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> list[dict[str, Any]]:
        """Learn once more from the kept messages of a scope. Memories keep their ids.

        :param mode: ``review`` leaves changes for :meth:`decide`; ``apply``, ``propose`` and ``dry`` as for :meth:`learn`.
        :returns: The learning of each conversation; the earlier one where nobody had to be asked again.
        :raises OpenMemoryError: ``NO_LANGUAGE_MODEL`` or ``LANGUAGE_MODEL_FAILED``.
        """
        call = _calls.relearn(
            self._scope,
            user_id=user_id,
            agent_id=agent_id,
            app_id=app_id,
            run_id=run_id,
            **{"from": from_},
            filters=filters,
            timezone=timezone,
            instructions=instructions,
            mode=mode,
            maxOperations=max_operations,
            actor=actor,
            reason=reason,
        )
        return await self._send(call)

    async def get_learning(self, learning_id: str) -> dict[str, Any]:
        """Return what a call learnt.

        :raises NotFoundError: If there is no such learning.
        """
        return await self._send(_calls.get_learning(learning_id))

    async def list_learnings(
        self,
        *,
        user_id: Optional[Id] = None,
        agent_id: Optional[Id] = None,
        app_id: Optional[Id] = None,
        run_id: Optional[Id] = None,
        status: Optional[str] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
    ) -> dict[str, Any]:
        """Return a page of ``learnings``, newest first, with ``next_cursor`` if there are more.

        :param status: ``done``, ``waiting``, ``nothing``, ``failed`` or ``undone``.
        """
        call = _calls.list_learnings(
            self._scope,
            user_id=user_id,
            agent_id=agent_id,
            app_id=app_id,
            run_id=run_id,
            status=status,
            limit=limit,
            cursor=cursor,
        )
        return await self._send(call)

    async def decide(
        self,
        learning_id: str,
        decisions: Union[str, Mapping[int, str]],
        *,
        actor: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> dict[str, Any]:
        """Apply or discard what waits in a learning.

        :param decisions: ``apply`` or ``discard``, about all that waits or by the place of an operation.
        :raises NotFoundError: If there is no such learning.
        :raises ValidationError: If an operation does not wait.
        """
        return await self._send(_calls.decide(learning_id, decisions, actor=actor, reason=reason))

    async def undo_learning(
        self, learning_id: str, *, actor: Optional[str] = None, reason: Optional[str] = None
    ) -> dict[str, Any]:
        """Take back everything that a learning has changed, in one commit.

        :raises NotFoundError: If there is no such learning.
        :raises VersionConflictError: If a memory has changed since; nothing is taken back then.
        """
        return await self._send(_calls.undo_learning(learning_id, actor=actor, reason=reason))

    async def get_sources(self, memory_id: Id, *, version: Optional[int] = None) -> list[dict[str, Any]]:
        """Return the words that a memory was learnt from, newest version first.

        :raises NotFoundError: If there is no such memory.
        """
        return await self._send(_calls.get_sources(memory_id, version))

    async def list_messages(
        self,
        *,
        user_id: Optional[Id] = None,
        agent_id: Optional[Id] = None,
        app_id: Optional[Id] = None,
        run_id: Optional[Id] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
    ) -> dict[str, Any]:
        """Return a page of the ``messages`` that were kept, with ``next_cursor`` if there are more."""
        call = _calls.list_messages(
            self._scope,
            user_id=user_id,
            agent_id=agent_id,
            app_id=app_id,
            run_id=run_id,
            limit=limit,
            cursor=cursor,
        )
        return await self._send(call)

    async def delete_messages(
        self,
        *,
        user_id: Optional[Id] = None,
        agent_id: Optional[Id] = None,
        app_id: Optional[Id] = None,
        run_id: Optional[Id] = None,
    ) -> int:
        """Delete the messages of a user, agent, app or run, and return how many there were.

        :raises ValidationError: If no scope is given.
        """
        call = _calls.delete_messages(
            self._scope, user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id
        )
        return await self._send(call)

    async def send_feedback(
        self, memory_id: Id, feedback: Optional[str], *, reason: Optional[str] = None, correct: Optional[str] = None
    ) -> Memory:
        """Record how useful a memory was. Its version does not change, unless ``correct`` has a model change it.

        :param feedback: ``POSITIVE``, ``NEGATIVE`` or ``VERY_NEGATIVE``; None removes the feedback.
        :param correct: Also hands ``reason``, which says what is wrong, to :meth:`consolidate` in this mode: ``review``,
            ``apply``, ``propose`` or ``dry``.
        :returns: The memory with its feedback, as it is before it is corrected; with ``correct`` also the ``learning``.
        :raises NotFoundError: If there is no such memory.
        :raises ValidationError: If ``correct`` has no ``reason``, or ``feedback`` is not bad.
        :raises OpenMemoryError: ``NO_LANGUAGE_MODEL`` or ``LANGUAGE_MODEL_FAILED`` with ``correct``; the feedback is recorded.
        """
        if correct is not None:
            _calls.check_correction(feedback, reason, correct)
        memory = await self._send(_calls.send_feedback(memory_id, feedback, reason))
        if correct is not None:
            memory.learning = await self._send(_calls.correction(self._scope, memory, reason, correct))
        return memory

    async def get_waypoints(self, memory_id: Id) -> list[Waypoint]:
        """Return the links of a memory to others, strongest first."""
        return await self._send(_calls.get_waypoints(memory_id))

    async def reindex(self) -> dict[str, Any]:
        """Embed all memories again with the server's model. An interrupted reindex continues with the next call.

        :returns: ``{"reindexed": …, "model": {"id": …, "dimensions": …}}``.
        """
        return await self._send(_calls.reindex())

    async def watch(
        self, *, filters: Optional[Mapping[str, Any]] = None, since: Optional[Time] = None
    ) -> AsyncIterator[MemoryChange]:
        """Iterate over changes as they are committed. The watch starts with the first iteration.

        If the connection is lost, the client reconnects for up to a minute and resumes after the last change received.
        Changes up to one minute before that point may be repeated; compare ``version``.

        :param filters: Only changes of matching memories.
        :param since: Start after the change with this ``cursor``, or at this time. Default: now.
        :raises OpenMemoryError: ``UNAVAILABLE`` if the server does not come back, or if the client falls behind the
            server's buffer; resume with the last ``cursor``.
        """
        watching = Watching(self._scope.filters(filters), since)
        while True:
            failed: Union[httpx.RequestError, OpenMemoryError, None] = None
            try:
                async with self._stream(watching.request(self._connections.current())) as response:
                    async for text in response.aiter_text():
                        for change in watching.read(text):
                            yield change
            except (httpx.RequestError, OpenMemoryError) as error:
                failed = error
            if self._connections.closed:
                raise closed() from failed
            await asyncio.sleep(watching.pause(failed))

    async def export_to(self, file: Path, *, filters: Optional[Mapping[str, Any]] = None) -> ExportSummary:
        """Write memories with their full history to a local file, in JSON Lines.

        The file appears, or replaces an existing one, only when the export is complete. If it is a symbolic link, the
        link's target is replaced. A complete export is copied into a pipe or device.

        :param filters: Only these memories. Default: all memories and the ids of deleted ones.
        :raises ValidationError: If ``file`` or ``filters`` is invalid.
        :raises OpenMemoryError: ``IO`` if the file cannot be written.
        """
        call = _calls.export(self._scope.filters(filters))

        async def save() -> ExportSummary:
            with ExportFile(file) as target:
                async with self._stream(request(self._connections.current(), call)) as response:
                    async for chunk in response.aiter_bytes():
                        await asyncio.to_thread(target.write, chunk)
                return await asyncio.to_thread(target.finish)

        return await self._with_retries(save)

    async def import_from(self, file: Path, *, on_conflict: Optional[str] = None) -> ImportSummary:
        """Import the memories of a local file that ``export_to`` wrote.

        If an import is interrupted, calling it again continues where it stopped.

        :param on_conflict: What to do with a memory whose id is in the store with a different history: ``"report"``
            (default) lists it in ``errors``, ``"skip"`` keeps the stored memory, and ``"replace"`` replaces it.
        :raises ValidationError: If ``file`` or ``on_conflict`` is invalid.
        :raises OpenMemoryError: ``CORRUPTED`` if the file is damaged, ``IO`` if it cannot be read.
        """
        return await self._send(_calls.import_from(file, on_conflict))

    async def backup(self, name: str) -> BackupSummary:
        """Copy the store to a new directory of this name in the server's backup directory.

        :raises AuthenticationError: ``FORBIDDEN`` if the server has no backup directory.
        """
        return await self._send(_calls.backup(name))

    async def compact(self) -> dict[str, Any]:
        """Remove deleted texts from the server's files.

        :returns: The size of the files in bytes, as ``{"bytes_before": …, "bytes_after": …}``.
        """
        return await self._send(_calls.compact())

    async def stats(self) -> dict[str, Any]:
        """Return counts and sizes, such as ``memories`` and ``bytes_on_disk``."""
        return await self._send(_calls.stats())

    async def ready(self) -> None:
        """Return once the server has loaded its index and model and accepts writes."""
        await self._send(_calls.ready())

    async def close(self) -> None:
        """Close the connections. Later calls raise an ``OpenMemoryError`` with code ``CLOSED``; closing again does
        nothing."""
        await self._connections.close()

    async def __aenter__(self) -> AsyncOpenMemory:
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()

    async def _send(self, call: Call[T]) -> T:
        client = self._connections.current()
        if call.known is not None:
            return call.known
        sent = request(client, call)

        async def send() -> T:
            # Each attempt reads the file from the start.
            again = sent if call.file is None else request(self._connections.current(), call)
            return answer(await self._connections.current().send(again), call)

        return await self._with_retries(send)

    async def _with_retries(self, work: Callable[[], Awaitable[T]]) -> T:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await work()
            except (httpx.RequestError, RuntimeError) as cause:
                if self._connections.closed:
                    raise closed() from cause
                if not isinstance(cause, httpx.RequestError):
                    raise
                error, broken = unreachable(cause), cause
            except OpenMemoryError as refused:
                if self._connections.closed:
                    raise
                error, broken = refused, None
            delay = retry_delay(error, attempt)
            if delay is None:
                raise error from broken
            await asyncio.sleep(delay)

    @asynccontextmanager
    async def _stream(self, sent: httpx.Request) -> AsyncIterator[httpx.Response]:
        """Yield a response whose body is read as it arrives."""
        response = await self._connections.current().send(sent, stream=True)
        try:
            if not response.is_success:
                await response.aread()
                raise refusal(response)
            yield response
        finally:
            await response.aclose()
