"""The whole desk on one machine: storage, emulator, host, sinks."""
