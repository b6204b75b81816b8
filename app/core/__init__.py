"""What every domain shares: the transaction, the event log, errors, time, lists, cache, limits."""
