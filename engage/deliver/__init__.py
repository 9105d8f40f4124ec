"""What was decided happens, once: claimed, asked again, sent, settled, and looked up when in doubt."""
