"""Long work in a process of its own: requests, progress, outcomes."""
