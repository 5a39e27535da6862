"""The top floor: the application is put together here, and nothing below knows it."""
