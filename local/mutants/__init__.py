"""Makes small faults in the core rooms and counts how many the tests find."""
