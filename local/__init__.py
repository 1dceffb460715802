"""The whole system on one machine: emulator, Functions host, Azurite, sinks, and the commands that use them."""
