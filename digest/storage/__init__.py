"""The database: tables, repositories, the ledger, migrations."""
