"""Rows: the store keeps the model's nouns in SQLite or PostgreSQL and holds no rule."""
