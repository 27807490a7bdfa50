"""Commands of the command line: one module each, with its arguments."""
