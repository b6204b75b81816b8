"""Comments on tasks, with mentions."""
