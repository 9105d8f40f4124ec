"""What Twilio tells us by itself is checked, kept, and acted upon; the web layer only calls this.

message_status(app, request) -> int       an HTTP status
incoming_message(app, request) -> int     an HTTP status
"""

from __future__ import annotations

from engage.app.app import App
from engage.app.replies import take
from engage.channels.twilio import webhooks
from engage.channels.twilio.webhooks import Request
from engage.deliver import reports
from engage.logs import get_logger

OK, MALFORMED, FORBIDDEN = 200, 400, 403

_log = get_logger("webhooks")


def message_status(app: App, request: Request) -> int:
    """Take a report on one of our messages: 200, 400 where it is none, 403 unless it is Twilio's."""
    if not _genuine(app, request):
        return FORBIDDEN
    report = webhooks.report_of(request)
    if report is None:
        return MALFORMED
    with app.store.write() as tx:
        reports.take(tx, report, webhooks.raw(request), app.now())
    return OK


def incoming_message(app: App, request: Request) -> int:
    """Take a customer's message: 200, 400 where there is none, 403 unless it is from Twilio."""
    if not _genuine(app, request):
        return FORBIDDEN
    reply = webhooks.reply_of(request, app.now())
    if reply is None:
        return MALFORMED
    take(app, reply)
    return OK


def _genuine(app: App, request: Request) -> bool:
    public_url = app.settings.channels.public_url
    token = app.secrets.twilio_auth_token
    if not public_url or not token:
        _log.warning(
            "a report was refused: its signature cannot be checked; set [channels] public_url "
            "and ENGAGE_TWILIO_AUTH_TOKEN"
        )
        return False
    return webhooks.genuine(request, public_url=public_url, auth_token=token)
