"""What the measurements of the sockets have in common; run none of it by itself."""
