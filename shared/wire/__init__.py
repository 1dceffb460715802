"""Azure Storage and the identity's token over plain HTTP: what a cold start can afford of them."""
