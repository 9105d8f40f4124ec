"""Twilio, the provider of messages and calls: a bounded client, its errors, and a local stand-in."""
