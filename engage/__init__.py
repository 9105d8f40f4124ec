"""Engage finds customers who are about to be lost, offers help, and proves what it changed."""

__version__ = "0.1.0"
