"""What can be asked of a worker: each request says for itself how urgent it is, what it replaces and who answers it."""
