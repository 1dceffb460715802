"""Each kind of ticket system: its vendor's own vector of a signature (`VECTOR`), and how its events are read."""
