"""What a browser sees: the board, the API's documentation, and the headers that guard them."""
