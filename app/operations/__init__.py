"""Operations: what is under way, what is stuck, and what an operator does about it."""
