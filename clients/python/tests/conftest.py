"""Fixtures that run a test with the synchronous and the asynchronous client."""

import asyncio

import pytest

from openmemory import AsyncOpenMemory, OpenMemory, OpenMemoryError


class BlockingAsyncClient:
    """An asynchronous client with the interface of the synchronous one. Runs each call in its own event loop."""

    def __init__(self, **options):
        self.om = AsyncOpenMemory(**options)
        self.loop = asyncio.new_event_loop()

    def __getattr__(self, name):
        def call(*arguments, **named):
            result = getattr(self.om, name)(*arguments, **named)
            if hasattr(result, "__aiter__"):
                return self.iterate(result)
            return self.loop.run_until_complete(result)

        return call

    def iterate(self, items):
        try:
            while True:
                yield self.loop.run_until_complete(items.__anext__())
        except StopAsyncIteration:
            return
        finally:
            self.loop.run_until_complete(items.aclose())


@pytest.fixture(params=[OpenMemory, BlockingAsyncClient], ids=["sync", "async"])
def connect(request):
    """Creates clients with the given options and closes them after the test."""
    clients = []

    def create(**options):
        clients.append(request.param(**options))
        return clients[-1]

    yield create
    for om in clients:
        om.close()
        if isinstance(om, BlockingAsyncClient):
            om.loop.close()


@pytest.fixture
def om(connect):
    om = connect()
    yield om
    om.delete_memories(all=True)


@pytest.fixture
def refusal():
    """Returns the code and the field of the OpenMemoryError that a call raises."""

    def refused(call):
        with pytest.raises(OpenMemoryError) as caught:
            call()
        return caught.value.code, getattr(caught.value, "field", None)

    return refused
