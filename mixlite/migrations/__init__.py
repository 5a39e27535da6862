"""How the database got to its present shape. One migration for each change, read by a human."""
