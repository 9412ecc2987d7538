"""PyPI mem0ai's clients with their default arguments, against a server with a language model at the address given."""

import asyncio
import inspect
import sys
import time

from mem0 import AsyncMemoryClient, MemoryClient

host, api_key = sys.argv[1:3]


async def done(value):
    """The same script drives the sync and the async client."""
    return await value if inspect.isawaitable(value) else value


async def event(http, event_id):
    """The clients have no method for events; their connection has."""
    for _ in range(500):
        response = await done(http.get(f"/v1/event/{event_id}/"))
        assert response.status_code == 200, response.text
        answer = response.json()
        if answer["status"] not in ("PENDING", "RUNNING"):
            return answer
        time.sleep(0.02)
    raise AssertionError("the event does not end")


async def learns(client, http, user):
    answer = await done(client.add([{"role": "user", "content": "I live in Lisbon"}], user_id=user))
    assert answer["status"] == "PENDING", answer
    learnt = await event(http, answer["event_id"])
    assert [result["event"] for result in learnt["results"]] == ["ADD"], learnt
    memory_id = learnt["results"][0]["id"]

    found = await done(client.search("Where does she live?", filters={"user_id": user}))
    assert [hit["memory"] for hit in found["results"]] == ["Ada lives in Lisbon"], found

    answer = await done(client.add("I moved to Porto", user_id=user))
    moved = await event(http, answer["event_id"])
    assert [(result["event"], result["id"]) for result in moved["results"]] == [("UPDATE", memory_id)], moved

    await done(client.update(memory_id, text="Ada lives in Porto, Portugal"))
    history = await done(client.history(memory_id))
    assert [entry["event"] for entry in history] == ["ADD", "UPDATE", "UPDATE"], history
    assert [entry["input"][0]["content"] for entry in history][:2] == ["I live in Lisbon", "I moved to Porto"]
    assert history[-1]["new_memory"] == "Ada lives in Porto, Portugal"
    listed = await done(client.get_all(filters={"user_id": user}))
    assert [memory["memory"] for memory in listed["results"]] == ["Ada lives in Porto, Portugal"]


async def main():
    client = MemoryClient(api_key=api_key, host=host)
    await learns(client, client.client, "ada")
    client = AsyncMemoryClient(api_key=api_key, host=host)
    await learns(client, client.async_client, "grace")
    print("every method passed")


asyncio.run(main())
