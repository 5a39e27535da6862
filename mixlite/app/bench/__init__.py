"""`mixlite bench`: a synthetic circle of any size, and what asking it costs. Nothing of a real instance is touched."""
