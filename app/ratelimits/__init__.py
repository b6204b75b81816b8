"""Who used the limited endpoints how often, and how often in vain."""
