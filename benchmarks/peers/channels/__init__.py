"""The same live updates as a good Django Channels developer would write them, to compare with."""
