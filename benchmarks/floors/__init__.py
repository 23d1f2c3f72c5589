"""Scripts that do the least that the work takes; each is run as a process of its own."""
