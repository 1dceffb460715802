"""HTTP, queue and timer: what makes the host call a function."""
