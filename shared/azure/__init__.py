"""The Data Protection API: port, client, request bodies, responses, recovery points."""
