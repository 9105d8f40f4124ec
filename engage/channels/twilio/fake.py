"""A stand-in for Twilio on this machine: it keeps what it accepted, and fails as it is told to.

It speaks the part of Twilio's REST interface that Engage uses (2010-04-01: Messages and Calls,
create, list and fetch), checks the account's token, and misbehaves on demand: too many requests,
errors, silence, a connection lost before or after the message was accepted.
"""

from __future__ import annotations

import base64
import hmac
import json
import socket
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, cast
from urllib.parse import parse_qs, parse_qsl, urlsplit

from engage.channels.twilio.book import VERSION, Answer, Book, Resource, refusal
from engage.clock import Clock, SystemClock

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "token-of-the-local-provider"  # noqa: S105 - it opens nothing but this stand-in


class Fault(StrEnum):
    """How a request fails."""

    RATE_LIMIT = "429"
    ERROR = "500"
    HTML = "503 as a web page"
    HANG = "silence, nothing accepted"
    HANG_AFTER = "silence, but accepted"
    DROP_BEFORE = "connection lost, nothing accepted"
    DROP_AFTER = "connection lost, but accepted"


_ACCEPTED = frozenset({Fault.HANG_AFTER, Fault.DROP_AFTER})
_SILENT = frozenset({Fault.HANG, Fault.HANG_AFTER})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, list[str]] = field(default_factory=dict)
    authorization: str = ""


class FakeTwilio:
    """A local provider: `with FakeTwilio() as twilio:` and give `twilio.url` as base URL."""

    def __init__(
        self,
        *,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        clock: Clock | None = None,
        port: int = 0,
        late_s: float = 0.0,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.late_s = late_s
        """How long after accepting it answers."""
        self.messages = Book(Resource.MESSAGES, account_sid, clock or SystemClock())
        self.calls = Book(Resource.CALLS, account_sid, clock or SystemClock())
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        self._faults: dict[str, deque[Fault | int]] = {"POST": deque(), "GET": deque()}
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        """Return the base URL for the settings."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def creates(self) -> tuple[Asked, ...]:
        """Return the creates that were asked for, answered or not."""
        return tuple(asked for asked in self.asked if asked.method == "POST")

    def fail_creates(self, *faults: Fault | int) -> None:
        """Let the next creates fail, one each; a number is a Twilio code to refuse with."""
        self._faults["POST"].extend(faults)

    def fail_reads(self, *faults: Fault | int) -> None:
        """Let the next lists and fetches fail, one each."""
        self._faults["GET"].extend(faults)

    def next_fault(self, method: str) -> Fault | int | None:
        """Return how the request at hand is to fail, if at all."""
        try:
            return self._faults[method].popleft()
        except IndexError:
            return None

    def answer(self, asked: Asked) -> Answer:
        """Return what Twilio would answer, having done what was asked."""
        if not self._knows(asked.authorization):
            return refusal(401, 20003, "Authenticate")
        book, sid = self._book(asked.path)
        if book is None:
            return refusal(404, 20404, "The requested resource was not found")
        if asked.method == "POST":
            return book.create({name: values[0] for name, values in asked.form.items()})
        return book.fetch(sid) if sid else book.list(asked.query)

    def _book(self, path: str) -> tuple[Book | None, str]:
        head = f"/{VERSION}/Accounts/{self.account_sid}/"
        name, _, sid = path.removeprefix(head).removesuffix(".json").partition("/")
        books: Mapping[str, Book] = {"Messages": self.messages, "Calls": self.calls}
        return (books.get(name) if path.startswith(head) else None), sid

    def _knows(self, authorization: str) -> bool:
        pair = f"{self.account_sid}:{self.auth_token}".encode()
        return hmac.compare_digest(authorization, f"Basic {base64.b64encode(pair).decode()}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeTwilio

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that has died or given up: who tries that is who asks for it."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        fake = cast("_Server", self.server).fake
        asked = self._asked()
        fake.asked.append(asked)
        fault = fake.next_fault(asked.method)
        if fault is None:
            answer = fake.answer(asked)
            fake.closing.wait(fake.late_s)
            self._say(answer.status, json.dumps(answer.body))
        elif isinstance(fault, Fault):
            self._fail(fake, asked, fault)
        else:
            self._say(400, json.dumps(refusal(400, fault, f"refused for {asked.form}").body))

    def _fail(self, fake: FakeTwilio, asked: Asked, fault: Fault) -> None:
        if fault in _ACCEPTED:
            fake.answer(asked)
        if fault is Fault.RATE_LIMIT:
            self._say(429, json.dumps(refusal(429, 20429, "Too Many Requests").body))
        elif fault is Fault.ERROR:
            self._say(500, json.dumps(refusal(500, 20500, "An internal error occurred").body))
        elif fault is Fault.HTML:
            self._say(503, "<html><h1>Service Unavailable</h1></html>", "text/html")
        else:
            if fault in _SILENT:
                fake.closing.wait(self.timeout)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _asked(self) -> Asked:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        return Asked(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            form=parse_qs(self.rfile.read(length).decode(), keep_blank_values=True),
            authorization=self.headers.get("Authorization") or "",
        )

    def _say(self, status: int, text: str, kind: str = "application/json") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay silent: requests hold numbers."""
