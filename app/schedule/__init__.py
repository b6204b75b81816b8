"""What runs by the clock: which job, for which moment, and what came of it."""
