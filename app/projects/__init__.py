"""Projects and their members; the one table of permissions."""
