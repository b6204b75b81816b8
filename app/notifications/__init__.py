"""What people and other systems are told of a change."""
