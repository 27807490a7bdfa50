"""What the user has open and has chosen, observable, without widgets."""
