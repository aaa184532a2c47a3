"""A client of an ASGI application in the same process: synchronous, with cookies, no redirects."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp

BASE = "http://county.example"


class Browser:
    """Sends requests to the application itself; cookies stay from one to the next."""

    def __init__(self, app: ASGIApp, address: str = "10.0.0.1") -> None:
        self.transport = httpx.ASGITransport(app=app, client=(address, 1))
        self.cookies = httpx.Cookies()

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request and return the whole answer."""

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self.transport, base_url=BASE, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **more)
                self.cookies = client.cookies
                return answer

        return asyncio.run(send())

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Ask for a page."""
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """Send a form or a body."""
        return self.request("POST", path, **more)
