"""How each kind of channel is posted to, and what its answer means."""
