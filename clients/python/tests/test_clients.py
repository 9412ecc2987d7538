"""Both clients: every method, their errors, and failed connections."""

import asyncio
import inspect
import json
import os
from datetime import date, datetime, timedelta, timezone

import httpx
import pytest

import openmemory
from openmemory import (
    AsyncOpenMemory,
    AuthenticationError,
    ImmutableMemoryError,
    NotFoundError,
    OpenMemory,
    OpenMemoryError,
    RateLimitError,
    ValidationError,
    VersionConflictError,
)

METHODS = [name for name in vars(OpenMemory) if not name.startswith("_")]


def test_both_clients_have_the_same_methods_and_parameters():
    for name in METHODS:
        sync, asynchronous = getattr(OpenMemory, name), getattr(AsyncOpenMemory, name)
        assert list(inspect.signature(sync).parameters) == list(inspect.signature(asynchronous).parameters), name
        assert inspect.iscoroutinefunction(asynchronous) or inspect.isasyncgenfunction(asynchronous), name


async def every_method(om, folder):
    async def done(value):
        return await value if inspect.isawaitable(value) else value

    async def refused(kind, call):
        with pytest.raises(kind) as caught:
            await done(call())
        return caught.value

    memory = await done(om.add_memory("Ada drinks tea", id="m1", tags=["taste"], metadata={"a": 1}, user_id="ada"))
    assert (memory.id, memory.version, memory.tags, memory.user_id) == ("m1", 1, ["taste"], "ada")
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    memory = await done(om.update_memory("m1", content="Ada drinks coffee", metadata={"a": None}, expires_at=tomorrow))
    assert memory.metadata == {} and memory.expires_at is not None
    memory = await done(om.update_memory("m1", expires_at=None, actor="me", reason="for ever"))
    assert memory.expires_at is None
    assert (await done(om.get_memory("m1", version=1))).content == "Ada drinks tea"
    history = await done(om.get_history("m1"))
    assert (history[0].reason, history[-1].event, history[1].changes[0].after) == ("for ever", "ADD", "Ada drinks coffee")
    assert (await done(om.restore_memory("m1", 1))).content == "Ada drinks tea"
    assert (await done(om.search_memories("tea", limit=1)))[0].score > 0
    assert (await done(om.search_memories("tea", offset=1000))) == []
    await done(om.add_memory("Theme: dark", id="theme", tags=["ui"], agent_id="settings"))
    theme = {"id": "theme", "content": "Theme: light", "agent_id": "settings"}
    light = await done(om.add_memory(**theme, on_conflict="replace"))
    assert (light.id, light.version, light.tags, light.existed) == ("theme", 2, [], True)
    [taken] = await done(om.add_memories([theme], on_conflict="report"))
    assert taken.error.code == "VERSION_CONFLICT"
    wrong = await refused(ValidationError, lambda: om.add_memory("x", vector=[1.0, 2.0]))
    assert wrong.field == "vector"
    facets = await done(om.facets("agent_id"))
    assert ([(one.value, one.count) for one in facets.values], facets.distinct) == ([("settings", 1)], 1)
    block = await done(om.context("settings", min_score=0))
    assert block.memories and block.text.startswith("<memories>")
    [touched, missing] = await done(om.touch_memories(["theme", "nobody"], expires_at=tomorrow))
    assert (touched.memory.version, missing.error.code) == (2, "NOT_FOUND")
    assert touched.memory.expires_at is not None
    assert (await done(om.touch_memories(["theme"], expires_at=None)))[0].memory.expires_at is None
    await done(om.delete_memory("theme"))
    job = await done(om.add_memory("Ada works at Acme", valid_from="2023", valid_to=date(2999, 1, 2), user_id="ada"))
    assert (job.valid_from, job.valid_to) == ("2023", "2999-01-02")
    moved = await done(om.update_memory(job.id, content="Ada works at Initech", valid_from="2026-03", valid_to=None))
    assert (moved.valid_from, moved.valid_to) == ("2026-03", None)
    assert (await done(om.get_memory(job.id, at="2025"))).content == "Ada works at Acme"
    [hit] = await done(om.search_memories("Acme", include_history=True, history=1, filters={"memory_ids": [job.id]}))
    assert (hit.current, hit.now["version"], hit.until, hit.before) == (False, 2, "2026-03-01T00:00:00.000Z", [])
    again = await done(om.update_memory(job.id, valid_from="2026-02", correction=True))
    assert again.valid_from == "2026-02"
    retired = await done(om.retire_memory(job.id, valid_to="2026-05", if_version=3, reason="left"))
    assert (retired.retired, retired.valid_to) == ("ended", "2026-05")
    assert [m.id for m in (await done(om.list_memories(show_retired=True))).memories] == [job.id, "m1"]
    assert [m.id for m in (await done(om.list_memories(as_of=datetime(2001, 1, 1)))).memories] == []
    results = await done(om.apply_operations([{"restore": {"id": job.id, "version": 1}}, {"add": {"content": "x", "id": "x"}}]))
    assert [result.memory.event for result in results] == ["RESTORE", "ADD"]
    undone = await done(om.undo_operations(results, actor="me"))
    assert [result.memory.event for result in undone] == ["DELETE", "RESTORE"]
    await done(om.delete_memory(job.id))
    assert (await done(om.reinforce_memory("m1", boost=0.2))).version == 4
    assert (await done(om.send_feedback("m1", "POSITIVE", reason="right"))).feedback == "POSITIVE"
    assert (await done(om.get_waypoints("m1"))) == []

    results = await done(om.add_memories([{"id": "m2", "content": "two"}, {"id": "m1", "content": "taken"}, {}]))
    assert [result.ok for result in results] == [True, False, False]
    assert isinstance(results[1].error, VersionConflictError) and results[1].id == "m1"
    results = await done(om.update_memories([{"id": "m2", "tags": ["x"]}, {"id": "none", "tags": []}], atomic=True))
    assert [result.error.code for result in results] == ["ABORTED", "NOT_FOUND"]
    page = await done(om.list_memories(limit=1, order="created_at:asc"))
    assert len(page.memories) == 1 and page.next_cursor is not None
    found = om.iterate_memories(limit=1)
    found = [m.id async for m in found] if hasattr(found, "__aiter__") else [m.id for m in found]
    assert sorted(found) == ["m1", "m2"]
    for id in ["all", "a/b c", "..", "%2F", "ключ"]:
        await done(om.add_memory("x", id=id))
        assert (await done(om.get_memory(id))).id == id
        assert (await done(om.delete_memory(id))).deleted_at is not None

    again = await done(om.add_memory("Once", tags=["a"], if_exists="skip"))
    assert not again.existed
    again = await done(om.add_memory("Once ", tags=["b"], if_exists="touch"))
    assert (again.existed, again.version, again.tags) == (True, 2, ["a", "b"])
    results = await done(om.add_memories([{"content": "Once"}, {"content": "Once", "if_exists": "add"}], if_exists="skip"))
    assert [result.memory.existed for result in results] == [True, False]
    with_version = lambda version: om.delete_memory(again.id, if_version=version, actor="me", reason="old")  # noqa: E731
    assert (await refused(VersionConflictError, lambda: with_version(1))).code == "VERSION_CONFLICT"
    assert (await done(with_version(2))).deleted_at is not None
    gone = await refused(NotFoundError, lambda: om.get_memory(again.id))
    assert (gone.details["actor"], gone.details["reason"]) == ("me", "old")
    await done(om.delete_memory(results[1].memory.id))
    assert (await done(om.compact()))["bytes_after"] > 0

    await files(om, folder, done, refused)
    await watching(om, done)

    error = await refused(NotFoundError, lambda: om.get_memory("all"))
    assert error.details["deleted"] is True and error.status == 404
    assert (await refused(ValidationError, lambda: om.get_memory(""))).code == "MISSING_ID"
    assert (await refused(ValidationError, lambda: om.update_memory("m1", tags=["a", ""]))).field == "tags[1]"
    assert (await refused(ValidationError, lambda: om.update_memory("m1"))).code == "INVALID_ARGUMENT"
    assert (await refused(VersionConflictError, lambda: om.update_memory("m1", tags=[], if_version=1))).version == 4
    await done(om.add_memory("fixed", id="m3", immutable=True))
    await refused(ImmutableMemoryError, lambda: om.update_memory("m3", tags=[]))
    await refused(ValidationError, lambda: om.delete_memories())
    await refused(ValidationError, lambda: om.delete_memories(filters={}))

    assert (await done(om.stats()))["memories"] == 3
    assert (await done(om.reindex()))["reindexed"] == 0
    await done(om.ready())
    assert [result.ok for result in await done(om.delete_memories(["m1", "none"]))] == [True, False]
    assert (await done(om.delete_memories(filters={"memory_ids": ["m2"]}))).ids == ["m2"]
    assert (await done(om.delete_memories(all=True))).deleted == 1


async def files(om, folder, done, refused):
    file, some = folder / "all.jsonl", str(folder / "some.jsonl")
    exported = await done(om.export_to(file))
    assert (exported.memories, exported.bytes) == (2, file.stat().st_size) and exported.versions > 2
    assert (await done(om.export_to(some, filters={"memory_ids": ["m2"]}))).memories == 1
    await done(om.delete_memory("m2"))
    imported = await done(om.import_from(some))
    assert (imported.imported, imported.failed, imported.errors) == (1, 0, [])
    await done(om.update_memory("m2", content="other"))
    other = folder / "other.jsonl"
    await done(om.export_to(other, filters={"memory_ids": ["m2"]}))
    await done(om.restore_memory("m2", 1))
    assert (await done(om.import_from(other, on_conflict="skip"))).skipped == 1
    await done(om.delete_memory("m2"))
    await done(om.add_memory("another", id="m2"))
    [line] = (await done(om.import_from(other))).errors
    assert (line.id, line.error.code) == ("m2", "VERSION_CONFLICT")
    assert (await done(om.import_from(other, on_conflict="replace"))).replaced == 1
    assert sorted(path.name for path in folder.iterdir()) == ["all.jsonl", "other.jsonl", "some.jsonl"]

    assert (await refused(ValidationError, lambda: om.export_to(folder))).field == "file"
    assert (await refused(ValidationError, lambda: om.export_to(folder / "none" / "file"))).field == "file"
    assert (await refused(ValidationError, lambda: om.import_from(folder / "none"))).field == "file"
    assert (await refused(ValidationError, lambda: om.import_from(file, on_conflict="guess"))).field == "on_conflict"

    name = f"copy-{type(om).__name__.lower()}"
    assert (await done(om.backup(name))).memories == 2
    assert (await refused(ValidationError, lambda: om.backup(name))).field == "name"


async def watching(om, done):
    async def next_change(changes):
        return await changes.__anext__() if hasattr(changes, "__anext__") else next(changes)

    changes = om.watch(filters={"memory_ids": ["m2"]}, since="2000-01-01")
    first = await next_change(changes)
    while first.event == "DELETE":  # Filters do not apply to deletions before the watch.
        first = await next_change(changes)
    assert (first.id, first.memory.id) == ("m2", "m2")
    await done(om.add_memory("left out", id="m8"))
    await done(om.delete_memory("m8"))
    await done(om.update_memory("m2", content="line\u2028line\r\nline"))
    second = await next_change(changes)
    assert (second.event, second.version, second.memory.content) == ("UPDATE", first.version + 1, "line\u2028line\r\nline")
    await done(om.add_memory("x", id="m9"))
    again = om.watch(since=second.cursor)
    assert (await next_change(again)).id == "m9"
    await done(om.delete_memory("m9"))
    gone = await next_change(again)
    assert (gone.event, gone.id, gone.memory) == ("DELETE", "m9", None)
    for stream in (changes, again):
        await done(stream.aclose() if hasattr(stream, "aclose") else stream.close())


def test_every_method(tmp_path):
    with OpenMemory() as om:
        asyncio.run(every_method(om, tmp_path))


def test_every_async_method(tmp_path):
    async def run():
        async with AsyncOpenMemory() as om:
            await every_method(om, tmp_path)

    asyncio.run(run())


def test_user_id_is_the_default_scope():
    with OpenMemory(user_id="ada") as ada, OpenMemory() as everybody:
        ada.add_memory("mine", id="mine")
        everybody.add_memory("theirs", id="theirs", user_id="bob")
        assert [m.id for m in ada.list_memories().memories] == ["mine"]
        assert [m.id for m in ada.search_memories("theirs", filters={"user_id": "bob"})] == ["theirs"]
        assert ada.delete_memories(all=True).ids == ["mine"]
        assert everybody.delete_memories(all=True).ids == ["theirs"]


def test_iteration_returns_a_memory_once_if_it_is_updated_meanwhile(om):
    om.add_memories([{"id": f"m{number}", "content": "x"} for number in range(5)])
    seen = []
    for memory in om.iterate_memories(limit=2, order="updated_at:asc"):
        seen.append(memory.id)
        assert len(seen) <= 5
        om.update_memory(memory.id, metadata={"seen": True})
    assert sorted(seen) == ["m0", "m1", "m2", "m3", "m4"]


def test_iteration_includes_expired_memories_on_request(om):
    om.add_memory("x", id="old", expires_at="2020-01-01")
    assert list(om.iterate_memories()) == []
    assert [memory.id for memory in om.iterate_memories(show_expired=True)] == ["old"]


def answering(*replies):
    """A client whose server sends these replies in order, and the list of requests that it receives."""
    requests, pending = [], list(replies)

    def handle(request):
        request.read()
        requests.append(request)
        reply = pending.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    om = OpenMemory(base_url="http://server", api_key="secret")
    om._http = httpx.Client(base_url="http://server", transport=httpx.MockTransport(handle))
    return om, requests


MEMORY = {
    **{"id": "x", "content": "x", "tags": [], "metadata": {}, "created_at": "", "updated_at": "", "version": 1},
    **{"sectors": [], "primary_sector": "semantic", "salience": 0.5, "a_later_field": 1},
}


def test_transient_failures_are_retried_with_one_idempotency_key():
    om, requests = answering(httpx.ConnectError("no"), httpx.Response(503), httpx.Response(200, json=MEMORY))
    assert om.add_memory("x").id == "x"
    assert len({request.headers["idempotency-key"] for request in requests}) == 1 and len(requests) == 3


def test_permanent_failures_are_not_retried():
    om, requests = answering(httpx.Response(401, json={"err": "auth", "code": "UNAUTHORIZED", "message": "a key"}))
    with pytest.raises(AuthenticationError) as caught:
        om.stats()
    assert len(requests) == 1 and "secret" not in str(caught.value)


def test_the_last_error_is_raised_after_four_attempts():
    om, requests = answering(*[httpx.ConnectError("no")] * 4)
    with pytest.raises(OpenMemoryError) as caught:
        om.stats()
    assert (caught.value.code, caught.value.retryable, len(requests)) == ("UNAVAILABLE", True, 4)
    om, _ = answering(*[httpx.Response(429, json={"code": "RATE_LIMITED"})] * 4)
    with pytest.raises(RateLimitError):
        om.stats()


def change(id):
    fields = {"event": "DELETE", "id": id, "version": 1, "at": "", "cursor": f"c.{id}"}
    return f"id: c.{id}\ndata: {json.dumps(fields)}\n\n"


def test_a_watch_resumes_after_the_last_complete_change(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    cut = httpx.Response(200, text=": hello\n\nid: c.begun\n\n" + change("a") + change("b")[:20])
    broken = httpx.Response(200, stream=Broken(change("b")))
    om, requests = answering(cut, httpx.ConnectError("no"), broken, httpx.Response(200, text=change("c")))
    changes = om.watch(since="c.start")
    assert [next(changes).id for _ in range(3)] == ["a", "b", "c"]
    assert [json.loads(request.content)["since"] for request in requests] == ["c.start", "c.a", "c.a", "c.b"]


class Broken(httpx.SyncByteStream):
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        yield self.text.encode()
        raise httpx.ReadError("lost")


def test_a_rejected_watch_is_not_retried(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    error = json.dumps({"err": "unavailable", "code": "UNAVAILABLE", "message": "fell behind"})
    om, requests = answering(httpx.Response(200, text=f"{change('a')}event: error\ndata: {error}\n\n"))
    changes = om.watch()
    assert next(changes).cursor == "c.a"
    with pytest.raises(OpenMemoryError, match="fell behind") as caught:
        next(changes)
    assert (caught.value.code, caught.value.retryable, len(requests)) == ("UNAVAILABLE", True, 1)
    om, requests = answering(httpx.Response(401, json={"err": "auth", "code": "UNAUTHORIZED", "message": "a key"}))
    with pytest.raises(AuthenticationError):
        next(om.watch())
    assert len(requests) == 1


def test_a_watch_ends_if_the_server_does_not_come_back(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("openmemory._watching.RECONNECT_TIMEOUT", 0.0)
    om, _ = answering(httpx.Response(200, text=change("a")), *[httpx.ConnectError("no")] * 4)
    changes = om.watch()
    assert next(changes).id == "a"
    with pytest.raises(OpenMemoryError) as caught:
        next(changes)
    assert caught.value.code == "UNAVAILABLE" and isinstance(caught.value.__cause__, httpx.ConnectError)


def test_a_truncated_export_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    om, requests = answering(*[httpx.Response(200, text='{"memory":1}\n')] * 4)
    with pytest.raises(OpenMemoryError, match="cut off"):
        om.export_to(tmp_path / "file")
    assert len(requests) == 4 and list(tmp_path.iterdir()) == []


def test_each_attempt_sends_the_complete_file(tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    (tmp_path / "file").write_bytes(b"line\n" * 500_000)
    done = {"imported": 0, "replaced": 0, "skipped": 0, "tombstones": 0, "failed": 0, "errors": []}
    om, requests = answering(httpx.ConnectError("no"), httpx.Response(503), httpx.Response(200, json=done))
    assert om.import_from(tmp_path / "file").imported == 0
    assert [len(request.content) for request in requests] == [2_500_000] * 3
    assert requests[0].headers["content-length"] == "2500000" and "transfer-encoding" not in requests[0].headers


def test_limit_and_k_are_sent_under_their_own_names():
    found = {"query": "tea", "matches": []}
    om, requests = answering(*[httpx.Response(200, json=found)] * 2)
    assert om.search_memories("tea", limit=3) == om.search_memories("tea", k=4) == []
    assert [json.loads(request.content) for request in requests] == [{"query": "tea", "limit": 3}, {"query": "tea", "k": 4}]


def test_a_block_for_a_prompt_is_read_with_the_lines_of_its_memories(om):
    home = om.add_memory("Ada lives in Lisbon", valid_from="2024-06", id="home")
    om.update_memory(home.id, content="Ada lives in Porto", valid_from="2026-03-02")
    block = om.context("Where does Ada live?", tokens=300, min_score=0)
    line = '- "Ada lives in Porto" (since Mon 2026-03-02; before: "Ada lives in Lisbon" since 2024-06 until Mon 2026-03-02) [home]'
    assert [(memory.id, memory.line) for memory in block.memories] == [("home", line)]
    assert block.text.splitlines()[2:] == [line, "</memories>"] and (block.omitted, block.tokens > 50) == (0, True)
    short = om.context("Where does Ada live?", tokens=60, min_score=0)
    assert [memory.line for memory in short.memories] == [block.memories[0].short_line]
    with pytest.raises(ValidationError, match="tokens"):
        om.context("x", tokens=0)


def test_all_public_names_exist():
    assert os.path.exists(os.path.join(os.path.dirname(openmemory.__file__), "py.typed"))
    for name in openmemory.__all__:
        assert hasattr(openmemory, name)
