"""How the tables came to be what they are: Alembic's migrations, applied when a store is opened (`store/schema.py`)."""
