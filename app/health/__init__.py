"""Health: what probes and load balancers ask, and whether the limiter works."""
