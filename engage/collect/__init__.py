"""The outside world becomes events and interactions: files, mappings, visits, identities."""
