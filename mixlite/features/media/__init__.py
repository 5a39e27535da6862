"""The bytes of pictures: how they come in, and how they go out."""
