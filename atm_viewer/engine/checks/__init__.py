"""What comes from outside is held against descriptions here before any of it is used."""
