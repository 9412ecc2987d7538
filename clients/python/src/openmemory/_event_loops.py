"""Which connections can an event loop use? Only those that it opened, so each loop has its own httpx client."""

from __future__ import annotations

import asyncio
from typing import Optional

import httpx

from ._connection import Server
from ._errors import closed


class ClientPerLoop:
    def __init__(self, server: Server) -> None:
        self._server = server
        # Created now, so that the constructor reports invalid settings. The first loop uses it.
        self._unused: Optional[httpx.AsyncClient] = server.async_client()
        self._clients: dict[asyncio.AbstractEventLoop, httpx.AsyncClient] = {}
        self.closed = False

    def current(self) -> httpx.AsyncClient:
        if self.closed:
            raise closed()
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            for other in list(self._clients):
                # A closed loop cannot run aclose(); garbage collection closes the sockets.
                if other.is_closed():
                    self._clients.pop(other, None)
            client, self._unused = self._unused or self._server.async_client(), None
            self._clients[loop] = client
        return client

    async def close(self) -> None:
        self.closed = True
        current = asyncio.get_running_loop()
        clients, self._clients = self._clients, {}
        for loop, client in clients.items():
            if loop is current:
                await client.aclose()
            elif loop.is_running():
                asyncio.run_coroutine_threadsafe(client.aclose(), loop)
