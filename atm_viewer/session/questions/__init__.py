"""What the state asks the workers for, what they have answered, and the signals for what has changed."""
