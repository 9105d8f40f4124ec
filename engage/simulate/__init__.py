"""A small bank with known truth: people, visits, calls and money, and how each answers to help.

The laboratory in which effects are proven. Everything is columns; the same seed gives the same bank
on every machine. The engine is handed relations only; what would have been stays in here.
"""
