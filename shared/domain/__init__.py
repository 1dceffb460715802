"""What a restore is: request, phases, events, state machine. Pure."""
