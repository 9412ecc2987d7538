"""Goes through every method of PyPI mem0ai's clients against the server at the address given."""

import asyncio
import inspect
import re
import sys

from mem0 import AsyncMemoryClient, MemoryClient
from mem0.exceptions import (
    MemoryNotFoundError,
    MemoryQuotaExceededError,
    ValidationError,
)

host, api_key = sys.argv[1:3]
UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


async def done(value):
    """The same script drives the sync and the async client."""
    return await value if inspect.isawaitable(value) else value


async def refused(kind, call):
    try:
        await done(call())
    except kind as error:
        return error
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} instead of {kind.__name__}: {error}")
    raise AssertionError(f"not refused with {kind.__name__}")


async def every_method(client):
    user = {"user_id": "alice"}

    added = await done(
        client.add(
            [{"role": "user", "content": "I love green tea"}, {"role": "assistant", "content": "Noted: tea"}],
            user_id="alice",
            agent_id="waiter",
            infer=False,
            metadata={"source": "chat"},
        )
    )
    assert added["status"] == "SUCCEEDED"
    assert [item["event"] for item in added["results"]] == ["ADD", "ADD"]
    memory_id, second = [item["id"] for item in added["results"]]
    assert re.fullmatch(r"[0-9a-f-]{36}", memory_id)
    verbatim = await done(client.add("x", user_id="verbatim"))
    assert verbatim["infer"] is False and "no language model" in verbatim["message"], verbatim
    await done(client.delete_users(user_id="verbatim"))
    error = await refused(ValidationError, lambda: client.add("x", user_id="alice", infer=True))
    assert "infer=False" in str(error) or "infer=false" in str(error), error

    got = await done(client.get(memory_id))
    assert (got["memory"], got["user_id"], got["metadata"]) == ("I love green tea", "alice", {"source": "chat", "role": "user"})
    await refused(MemoryNotFoundError, lambda: client.get(UNKNOWN))
    await refused(ValidationError, lambda: client.get("no-uuid"))

    for n in range(5):
        await done(client.add(f"note {n}", user_id="pages", infer=False))
    page = await done(client.get_all(filters={"user_id": "pages"}, page=2, page_size=2))
    assert (page["count"], len(page["results"]), page["next"] is None, page["previous"] is None) == (5, 2, False, False)
    assert (await done(client.get_all(filters={"AND": [user, {"agent_id": "*"}]})))["count"] == 2

    found = await done(client.search("green tea", filters=user, top_k=3, threshold=0))
    assert found["results"][0]["id"] == memory_id and found["results"][0]["score"] > 0

    # The published page: update, as printed there.
    updated = await done(
        client.update(
            memory_id=memory_id,
            text="Updated memory content about the user",
            metadata={"category": "profile-update"},
        )
    )
    assert updated["memory"] == "Updated memory content about the user"
    assert updated["metadata"] == {"source": "chat", "role": "user", "category": "profile-update"}
    updated = await done(client.update(memory_id, timestamp=1700000000, expiration_date="2999-12-31"))
    assert (updated["created_at"], updated["expiration_date"]) == ("2023-11-14T22:13:20.000Z", "2999-12-31")
    updated = await done(client.update(memory_id, expiration_date=None))
    assert updated["expiration_date"] is None
    await refused(MemoryNotFoundError, lambda: client.update(UNKNOWN, text="x"))
    error = await refused(ValidationError, lambda: client.update(memory_id, text=""))
    assert error.error_code == "HTTP_400" and error.details["field"] == "text", error.details
    await refused(MemoryQuotaExceededError, lambda: client.update(memory_id, text="x" * 70_000_000))

    history = await done(client.history(memory_id))
    assert [entry["event"] for entry in history][:2] == ["ADD", "UPDATE"]
    assert history[1]["old_memory"] == "I love green tea"

    judged = await done(client.feedback(memory_id, feedback="NEGATIVE", feedback_reason="wrong"))
    assert judged["feedback"] == "NEGATIVE"
    judged = await done(client.feedback(memory_id, feedback=None))
    assert judged["feedback"] is None

    messages = [{"role": "user", "content": f"batch {n}"} for n in range(1000)]
    batch = (await done(client.add(messages, user_id="batch", infer=False)))["results"]
    changes = [{"memory_id": item["id"], "text": f"changed {n}", "metadata": {"n": n}} for n, item in enumerate(batch)]
    assert "1000" in (await done(client.batch_update(changes)))["message"]
    got = await done(client.get(batch[999]["id"]))
    assert (got["memory"], got["metadata"]) == ("changed 999", {"role": "user", "n": 999})
    await refused(ValidationError, lambda: client.batch_update(changes + changes[:1]))
    gone = [{"memory_id": item["id"]} for item in batch]
    await refused(ValidationError, lambda: client.batch_delete(gone + gone[:1]))
    assert "1000" in (await done(client.batch_delete(gone)))["message"]
    await refused(MemoryNotFoundError, lambda: client.get(batch[0]["id"]))

    users = await done(client.users())
    assert {(item["type"], item["name"]) for item in users["results"]} == {
        ("user", "alice"),
        ("user", "pages"),
        ("agent", "waiter"),
    }
    await refused(ValidationError, lambda: client.get_summary())
    await refused(ValidationError, lambda: client.create_memory_export(schema="{}"))

    await done(client.delete(second))
    await refused(MemoryNotFoundError, lambda: client.delete(second))
    await refused(ValidationError, lambda: client.delete_all())
    await done(client.delete_all(user_id="pages"))
    assert (await done(client.get_all(filters={"user_id": "*"})))["count"] == 1
    await done(client.delete_users(agent_id="waiter"))
    assert (await done(client.users()))["count"] == 0
    await done(client.add("last", user_id="zoe", infer=False))
    await done(client.reset())
    assert (await done(client.users()))["count"] == 0


async def main():
    await every_method(MemoryClient(api_key=api_key, host=host))
    async with AsyncMemoryClient(api_key=api_key, host=host) as client:
        await every_method(client)
    if api_key != "any":
        try:
            MemoryClient(api_key="wrong", host=host)
        except ValueError as error:
            assert "key" in str(error), error
        else:
            raise AssertionError("a wrong key was let in")
    print("every method passed")


asyncio.run(main())
