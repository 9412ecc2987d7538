"""Both clients: every method, their errors, and what they do when a connection fails."""

import asyncio
import inspect
import json
import os
from datetime import datetime, timedelta, timezone

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

    await every_file(om, folder, done, refused)
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


async def every_file(om, folder, done, refused):
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
    async def following(changes):
        return await changes.__anext__() if hasattr(changes, "__anext__") else next(changes)

    changes = om.watch(filters={"memory_ids": ["m2"]}, since="2000-01-01")
    first = await following(changes)
    while first.event == "DELETE":  # Those are told whatever the filters.
        first = await following(changes)
    assert (first.id, first.memory.id) == ("m2", "m2")
    await done(om.add_memory("left out", id="m8"))
    await done(om.delete_memory("m8"))
    await done(om.update_memory("m2", content="line\u2028line\r\nline"))
    second = await following(changes)
    assert (second.event, second.version, second.memory.content) == ("UPDATE", first.version + 1, "line\u2028line\r\nline")
    await done(om.add_memory("x", id="m9"))
    again = om.watch(since=second.cursor)
    assert (await following(again)).id == "m9"
    await done(om.delete_memory("m9"))
    gone = await following(again)
    assert (gone.event, gone.id, gone.memory) == ("DELETE", "m9", None)
    for stream in (changes, again):
        await done(stream.aclose() if hasattr(stream, "aclose") else stream.close())


def test_every_method(tmp_path):
    with OpenMemory() as om:
        asyncio.run(every_method(om, tmp_path))


def test_every_method_to_await(tmp_path):
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


def test_iterating_meets_a_memory_once_though_it_is_updated_on_the_way(om):
    om.add_memories([{"id": f"m{number}", "content": "x"} for number in range(5)])
    met = []
    for memory in om.iterate_memories(limit=2, order="updated_at:asc"):
        met.append(memory.id)
        assert len(met) <= 5
        om.update_memory(memory.id, metadata={"seen": True})
    assert sorted(met) == ["m0", "m1", "m2", "m3", "m4"]


def test_iterating_shows_expired_memories_where_they_are_asked_for(om):
    om.add_memory("x", id="old", expires_at="2020-01-01")
    assert list(om.iterate_memories()) == []
    assert [memory.id for memory in om.iterate_memories(show_expired=True)] == ["old"]


def answering(*replies):
    """A client whose server answers as it is told, and the requests that it got."""
    asked, left = [], list(replies)

    def handle(request):
        request.read()
        asked.append(request)
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    om = OpenMemory(base_url="http://server", api_key="secret")
    om._http = httpx.Client(base_url="http://server", transport=httpx.MockTransport(handle))
    return om, asked


MEMORY = {
    **{"id": "x", "content": "x", "tags": [], "metadata": {}, "created_at": "", "updated_at": "", "version": 1},
    **{"sectors": [], "primary_sector": "semantic", "salience": 0.5, "a_later_field": 1},
}


def test_failures_that_pass_are_tried_again_under_one_key():
    om, asked = answering(httpx.ConnectError("no"), httpx.Response(503), httpx.Response(200, json=MEMORY))
    assert om.add_memory("x").id == "x"
    assert len({request.headers["idempotency-key"] for request in asked}) == 1 and len(asked) == 3


def test_what_will_not_pass_is_not_tried_again():
    om, asked = answering(httpx.Response(401, json={"err": "auth", "code": "UNAUTHORIZED", "message": "a key"}))
    with pytest.raises(AuthenticationError) as caught:
        om.stats()
    assert len(asked) == 1 and "secret" not in str(caught.value)


def test_a_server_that_stays_away_is_told():
    om, asked = answering(*[httpx.ConnectError("no")] * 4)
    with pytest.raises(OpenMemoryError) as caught:
        om.stats()
    assert (caught.value.code, caught.value.retryable, len(asked)) == ("UNAVAILABLE", True, 4)
    om, _ = answering(*[httpx.Response(429, json={"code": "RATE_LIMITED"})] * 4)
    with pytest.raises(RateLimitError):
        om.stats()


def change(id):
    fields = {"event": "DELETE", "id": id, "version": 1, "at": "", "cursor": f"c.{id}"}
    return f"id: c.{id}\ndata: {json.dumps(fields)}\n\n"


def test_a_lost_watch_goes_on_behind_what_was_told_whole(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    cut = httpx.Response(200, text=": hello\n\nid: c.begun\n\n" + change("a") + change("b")[:20])
    broken = httpx.Response(200, stream=Broken(change("b")))
    om, asked = answering(cut, httpx.ConnectError("no"), broken, httpx.Response(200, text=change("c")))
    changes = om.watch(since="c.start")
    assert [next(changes).id for _ in range(3)] == ["a", "b", "c"]
    assert [json.loads(request.content)["since"] for request in asked] == ["c.start", "c.a", "c.a", "c.b"]


class Broken(httpx.SyncByteStream):
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        yield self.text.encode()
        raise httpx.ReadError("lost")


def test_a_watch_that_is_refused_is_not_tried_again(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    behind = json.dumps({"err": "unavailable", "code": "UNAVAILABLE", "message": "fell behind"})
    om, asked = answering(httpx.Response(200, text=f"{change('a')}event: error\ndata: {behind}\n\n"))
    changes = om.watch()
    assert next(changes).cursor == "c.a"
    with pytest.raises(OpenMemoryError, match="fell behind") as caught:
        next(changes)
    assert (caught.value.code, caught.value.retryable, len(asked)) == ("UNAVAILABLE", True, 1)
    om, asked = answering(httpx.Response(401, json={"err": "auth", "code": "UNAUTHORIZED", "message": "a key"}))
    with pytest.raises(AuthenticationError):
        next(om.watch())
    assert len(asked) == 1


def test_a_server_that_does_not_come_back_ends_a_watch(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("openmemory._watching.RECONNECT_TIMEOUT", 0.0)
    om, _ = answering(httpx.Response(200, text=change("a")), *[httpx.ConnectError("no")] * 4)
    changes = om.watch()
    assert next(changes).id == "a"
    with pytest.raises(OpenMemoryError) as caught:
        next(changes)
    assert caught.value.code == "UNAVAILABLE" and isinstance(caught.value.__cause__, httpx.ConnectError)


def test_an_export_that_was_cut_off_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    om, asked = answering(*[httpx.Response(200, text='{"memory":1}\n')] * 4)
    with pytest.raises(OpenMemoryError, match="cut off"):
        om.export_to(tmp_path / "file")
    assert len(asked) == 4 and list(tmp_path.iterdir()) == []


def test_a_file_is_sent_whole_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    (tmp_path / "file").write_bytes(b"line\n" * 500_000)
    done = {"imported": 0, "replaced": 0, "skipped": 0, "tombstones": 0, "failed": 0, "errors": []}
    om, asked = answering(httpx.ConnectError("no"), httpx.Response(503), httpx.Response(200, json=done))
    assert om.import_from(tmp_path / "file").imported == 0
    assert [len(request.content) for request in asked] == [2_500_000] * 3
    assert asked[0].headers["content-length"] == "2500000" and "transfer-encoding" not in asked[0].headers


def test_a_limit_is_sent_under_the_name_that_was_given():
    found = {"query": "tea", "matches": []}
    om, asked = answering(*[httpx.Response(200, json=found)] * 2)
    assert om.search_memories("tea", limit=3) == om.search_memories("tea", k=4) == []
    assert [json.loads(request.content) for request in asked] == [{"query": "tea", "limit": 3}, {"query": "tea", "k": 4}]


def test_the_public_names_are_all_there():
    assert os.path.exists(os.path.join(os.path.dirname(openmemory.__file__), "py.typed"))
    for name in openmemory.__all__:
        assert hasattr(openmemory, name)
