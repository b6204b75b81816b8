"""What a browser sees: the start page, the API's documentation, and the headers that guard them."""
