"""Connections: proxies, settings, event loops and closing."""

import asyncio
import http.server
import os
import sys
import threading
from datetime import datetime, timezone

import httpx
import pytest

from openmemory import AsyncOpenMemory, OpenMemory, OpenMemoryError, ValidationError

PROXIES = [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")]
KINDS = pytest.mark.parametrize("kind", [OpenMemory, AsyncOpenMemory])


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name)


@pytest.fixture
def proxy():
    """The URL of a proxy that answers all requests itself, and the list of their paths."""
    requests = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_response(418)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", requests
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_local_server_is_reached_without_a_proxy(variable, connect, proxy, monkeypatch):
    address, requests = proxy
    monkeypatch.setenv(variable, address)
    port = httpx.URL(os.environ["OPENMEMORY_URL"]).port
    for host in ["127.0.0.1", "localhost"]:
        assert "memories" in connect(base_url=f"http://{host}:{port}").stats()
    assert requests == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "a.localhost", "127.8.9.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
@KINDS
def test_every_local_name_bypasses_the_proxy(kind, host, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:9")
    kind(base_url=f"http://{host}:8080")


def test_a_remote_server_is_reached_through_the_proxy(connect, proxy, monkeypatch):
    address, requests = proxy
    monkeypatch.setenv("HTTP_PROXY", address)
    with pytest.raises(OpenMemoryError) as caught:
        connect(base_url="http://memory.example:8080").stats()
    assert caught.value.status == 418 and requests == ["http://memory.example:8080/stats"]


@pytest.mark.parametrize("variable", ["ALL_PROXY", "https_proxy"])
@pytest.mark.parametrize("scheme", ["socks5h", "socks5", "gopher"])
@KINDS
def test_an_unusable_proxy_raises_an_error_that_names_its_variable(kind, scheme, variable, monkeypatch):
    # As if the extra `socks` were not installed.
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv(variable, f"{scheme}://user:secret@127.0.0.1:9")
    with pytest.raises(ValidationError) as caught:
        kind(base_url="http://memory.example:8080")
    assert caught.value.field == variable and "secret" not in str(caught.value)


BAD = [
    *[({"base_url": url}, "base_url") for url in ["", "localhost:8080", "/memory", "ftp://host", "http://", 7, "http://h/?a=b"]],
    *[({"api_key": key}, "api_key") for key in ["", "ключ", "a\nb", "a b", 7]],
    *[({"timeout": seconds}, "timeout") for seconds in [0, -1, float("nan"), float("inf"), "60", True]],
]


@pytest.mark.parametrize("options, field", BAD)
@KINDS
def test_an_invalid_setting_raises_an_error_that_names_it(kind, options, field):
    with pytest.raises(ValidationError) as caught:
        kind(**options)
    assert (caught.value.code, caught.value.field) == ("INVALID_ARGUMENT", field)


@KINDS
def test_an_invalid_variable_raises_an_error_that_names_it(kind, monkeypatch):
    monkeypatch.setenv("OPENMEMORY_API_KEY", "a\nb")
    with pytest.raises(ValidationError) as caught:
        kind()
    assert caught.value.field == "OPENMEMORY_API_KEY"
    monkeypatch.setenv("OPENMEMORY_URL", "localhost:8080")
    with pytest.raises(ValidationError) as caught:
        kind()
    assert caught.value.field == "OPENMEMORY_URL"


def test_one_object_works_in_every_event_loop():
    om = AsyncOpenMemory()
    for _ in range(3):
        assert "memories" in asyncio.run(om.stats())
    assert len(om._connections._clients) == 1

    async def concurrently():
        # The second call runs in another loop, in another thread.
        return [await om.stats(), await asyncio.to_thread(asyncio.run, om.stats()), await om.stats()]

    assert len(asyncio.run(concurrently())) == 3
    asyncio.run(om.close())


def test_a_watch_and_a_file_work_in_a_second_event_loop(tmp_path):
    om = AsyncOpenMemory()

    async def use(name):
        await om.add_memory("x", id=name)
        await om.export_to(tmp_path / name)
        changes = om.watch(since="2000-01-01", filters={"memory_ids": [name]})
        while (await changes.__anext__()).event != "ADD":
            pass
        await changes.aclose()
        return await om.delete_memories([name])

    assert asyncio.run(use("one"))[0].ok and asyncio.run(use("two"))[0].ok
    asyncio.run(om.close())


def test_calls_after_close_raise_closed(connect, refusal, tmp_path):
    om = connect()
    (tmp_path / "in").write_text("")
    om.stats()
    om.close()
    om.close()
    for call in [
        *[lambda: om.add_memory("x"), lambda: om.add_memories([{"content": "x"}]), lambda: om.add_memories([None])],
        *[lambda: om.get_memory("x"), lambda: om.list_memories(), lambda: next(om.iterate_memories()), lambda: om.ready()],
        *[lambda: om.update_memory("x", content="y"), lambda: om.update_memories([{"id": "x"}]), lambda: om.stats()],
        *[lambda: om.delete_memory("x"), lambda: om.delete_memories(["x"]), lambda: om.delete_memories(all=True)],
        *[lambda: om.search_memories("x"), lambda: om.reinforce_memory("x"), lambda: om.get_history("x")],
        *[lambda: om.restore_memory("x", 1), lambda: om.send_feedback("x", None), lambda: om.get_waypoints("x")],
        *[lambda: om.reindex(), lambda: next(om.watch()), lambda: om.export_to(tmp_path / "out")],
        *[lambda: om.import_from(tmp_path / "in"), lambda: om.backup("x")],
    ]:
        assert refusal(call) == ("CLOSED", None)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@KINDS
def test_an_unused_client_can_be_closed(kind):
    om = kind()
    asyncio.run(om.close()) if kind is AsyncOpenMemory else om.close()


def test_closing_ends_a_call_between_retries(monkeypatch):
    om = OpenMemory(base_url="http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda _: om.close())
    with pytest.raises(OpenMemoryError) as caught:
        om.stats()
    assert (caught.value.code, caught.value.retryable) == ("CLOSED", False)


def test_closing_ends_a_watch():
    async def run():
        om = AsyncOpenMemory()
        changes = om.watch(since=datetime.now(timezone.utc), filters={"memory_ids": ["watched"]})
        await om.add_memory("x", id="watched")
        while (await changes.__anext__()).event != "ADD":
            pass
        await om.delete_memories(["watched"])
        assert (await changes.__anext__()).event == "DELETE"
        waiting = asyncio.ensure_future(changes.__anext__())
        await asyncio.sleep(0)
        await om.close()
        with pytest.raises(OpenMemoryError) as caught:
            await waiting
        assert caught.value.code == "CLOSED"

    asyncio.run(run())


def test_a_response_of_another_server_raises_an_openmemory_error():
    for answer in [{}, [], 7, {"items": 7}, {"items": [{}]}]:
        om = OpenMemory(base_url="http://127.0.0.1:8080")
        om._http = httpx.Client(
            base_url="http://server", transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
        )
        with pytest.raises(OpenMemoryError, match="base_url"):
            om.list_memories()
