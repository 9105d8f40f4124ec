"""The official Twilio client, kept on a short leash: known hosts, bounded time, no repetition."""

from __future__ import annotations

import ipaddress
import json
import logging
import queue
import re
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from engage.channels.twilio.errors import unclear
from engage.errors import SendError, SettingsError
from engage.settings import Secrets, Settings

API_HOST = "api.twilio.com"
ATTEMPT_S = 15.0
"""No request takes longer, whatever the network does."""
CLOCK_SKEW = timedelta(minutes=5)
"""Twilio's clock may be behind ours by this much."""

_ACCOUNT_SID = re.compile(r"^AC[0-9a-fA-F]{32}$")
_TOO_MANY = 429


def account(settings: Settings, secrets: Secrets, base_url: str) -> Client:
    """Return the client of the project's account, with the project's own time limits."""
    return connect(
        secrets.twilio_account_sid,
        secrets.twilio_auth_token,
        base_url=base_url,
        connect_s=settings.delivery.connect_s,
        read_s=settings.delivery.read_s,
    )


def connect(
    account_sid: str,
    auth_token: str,
    *,
    base_url: str,
    connect_s: float = 3.0,
    read_s: float = 10.0,
    attempt_s: float = ATTEMPT_S,
) -> Client:
    """Return a client of one account that speaks to `base_url` and to no other host."""
    if not _ACCOUNT_SID.match(account_sid) or not auth_token:
        raise SettingsError(
            "Twilio's credentials are missing or malformed; set ENGAGE_TWILIO_ACCOUNT_SID "
            "(AC and 32 hexadecimal digits) and ENGAGE_TWILIO_AUTH_TOKEN in the environment"
        )
    http = LeashedHttp(
        {API_HOST: checked(base_url)}, connect_s=connect_s, read_s=read_s, attempt_s=attempt_s
    )
    # An empty mapping would make the client read TWILIO_EDGE and TWILIO_REGION from ours.
    return Client(account_sid, auth_token, http_client=http, environment={"TWILIO_EDGE": ""})


def checked(base_url: str) -> str:
    """Return the address when credentials may travel there: https, or http on this machine."""
    parts = urlsplit(base_url)
    if parts.scheme == "https" and parts.hostname:
        return base_url
    if parts.scheme == "http" and _loopback(parts.hostname or ""):
        return base_url
    raise SettingsError(
        f"settings.toml [channels]: base_url {base_url!r} must begin with https://, "
        "or with http:// on this machine (127.0.0.1)"
    )


class LeashedHttp(TwilioHttpClient):  # type: ignore[misc]  # the package ships no types
    """Sends each request once, to a known host, within a bounded time, and logs no numbers."""

    def __init__(
        self, hosts: Mapping[str, str], *, connect_s: float, read_s: float, attempt_s: float
    ) -> None:
        super().__init__(timeout=read_s, logger=logging.getLogger(__name__))
        self.hosts = dict(hosts)
        self.timeouts = (connect_s, read_s)
        self.attempt_s = attempt_s
        self.http = requests.Session()

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the leash decides, not the caller
        allow_redirects: bool = False,  # noqa: ARG002 - the same
    ) -> Response:
        """Return the provider's answer; SendError when there was none that can be read."""
        prepared = self.http.prepare_request(
            requests.Request(
                method, self.target(url), params=params, data=data, headers=headers, auth=auth
            )
        )
        answer = _once(lambda: self._exchange(prepared), self.attempt_s)
        if answer.status_code != _TOO_MANY and not _is_json(answer.text):
            raise unclear(str(answer.status_code), "the answer is not JSON")
        return Response(answer.status_code, answer.text, answer.headers)

    def target(self, url: str) -> str:
        """Return where a request really goes; a host that is not in the table is refused."""
        parts = urlsplit(url)
        base = self.hosts.get(parts.hostname or "")
        if base is None:
            raise SendError(
                f"host {parts.hostname!r} is not in the table of known hosts; nothing was sent",
                permanent=True,
                code="unknown_host",
            )
        known = urlsplit(base)
        path = known.path.rstrip("/") + parts.path
        return urlunsplit((known.scheme, known.netloc, path, parts.query, ""))

    def _exchange(self, prepared: requests.PreparedRequest) -> requests.Response:
        # A proxy from the environment must not be asked for a server on this machine.
        local = _loopback(urlsplit(str(prepared.url)).hostname or "")
        routes: Mapping[str, Any] = (
            {"proxies": {}}
            if local
            else self.http.merge_environment_settings(prepared.url, {}, None, None, None)
        )
        try:
            return self.http.send(prepared, timeout=self.timeouts, allow_redirects=False, **routes)
        except requests.RequestException as error:
            raise _no_answer(error) from None


def _no_answer(error: requests.RequestException) -> SendError:
    if isinstance(error, ConnectTimeout) or _never_connected(error):
        return SendError(
            "Twilio cannot be reached; nothing was sent and it will be tried again",
            code="unreachable",
        )
    return unclear("no_answer", "the connection ended without an answer")


def _never_connected(error: requests.RequestException) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, NoConnection) and isinstance(reason, NewConnectionError)


def _once(exchange: Callable[[], requests.Response], attempt_s: float) -> requests.Response:
    """Run one exchange for at most `attempt_s` seconds.

    The socket's own timeouts start anew with each byte, and a name look-up has none at all; the
    thread that outlives its time is left behind and its answer, if any, is found by reconciling.
    """
    box: queue.SimpleQueue[requests.Response | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            box.put(exchange())
        except BaseException as error:  # noqa: BLE001 - handed over to the caller below
            box.put(error)

    threading.Thread(target=run, name="twilio-request", daemon=True).start()
    try:
        outcome = box.get(timeout=attempt_s)
    except queue.Empty:
        raise unclear("timeout", f"no answer within {attempt_s:g} s") from None
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
