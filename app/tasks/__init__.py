"""Tasks: the rows, the rules, the lists."""
