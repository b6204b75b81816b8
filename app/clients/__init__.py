"""The world outside: each client has a real form and a local twin, chosen by the settings."""
