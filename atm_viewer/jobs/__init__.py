"""Long computations in separate processes: requests, progress, outcomes."""
