"""Webhooks: what happens in a project, and what a user is told of, posted to an address."""
