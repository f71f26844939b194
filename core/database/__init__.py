"""The one PostgreSQL database: connection, transactions, migrations and the embedded server."""
