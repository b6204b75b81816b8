"""Boards, their columns, and the states a task goes through."""
