"""Albums and the photos in them."""
