"""The Recipe panel, and the bar of variants."""
