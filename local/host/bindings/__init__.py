"""What an app declares, and how the host calls its worker."""
