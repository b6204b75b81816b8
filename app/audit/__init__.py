"""Who did what, when and from where: the event log as an audit log."""
