"""The table and the queue: ledger, shared state, row keys, messages."""
