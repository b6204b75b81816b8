"""People: accounts, profiles, roles."""
