"""What each action adds for whom, how sure that is, and what a policy built on it is worth."""
