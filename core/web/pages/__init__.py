"""The pages of core: login, choice of role, home, and what a user sets for himself."""
