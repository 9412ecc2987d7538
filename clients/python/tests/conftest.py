"""Clients of both kinds, so that one test asks both."""

import asyncio

import pytest

from openmemory import AsyncOpenMemory, OpenMemory, OpenMemoryError


class Awaiting:
    """An asynchronous client whose calls are waited for, in an event loop of its own."""

    def __init__(self, **options):
        self.om = AsyncOpenMemory(**options)
        self.loop = asyncio.new_event_loop()

    def __getattr__(self, name):
        def call(*arguments, **named):
            made = getattr(self.om, name)(*arguments, **named)
            if hasattr(made, "__aiter__"):
                return self.each(made)
            return self.loop.run_until_complete(made)

        return call

    def each(self, made):
        try:
            while True:
                yield self.loop.run_until_complete(made.__anext__())
        except StopAsyncIteration:
            return
        finally:
            self.loop.run_until_complete(made.aclose())


@pytest.fixture(params=[OpenMemory, Awaiting], ids=["sync", "async"])
def connect(request):
    """Makes a client with the options that it is given, and leaves the store empty."""
    made = []

    def connecting(**options):
        made.append(request.param(**options))
        return made[-1]

    yield connecting
    for om in made:
        om.close()
        if isinstance(om, Awaiting):
            om.loop.close()


@pytest.fixture
def om(connect):
    om = connect()
    yield om
    om.delete_memories(all=True)


@pytest.fixture
def refusal():
    """The client's own error of a call, as code and field; nothing else is caught."""

    def refused(call):
        with pytest.raises(OpenMemoryError) as caught:
            call()
        return caught.value.code, getattr(caught.value, "field", None)

    return refused
