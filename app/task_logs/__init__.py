"""What every task looked like at the beginning of each day."""
