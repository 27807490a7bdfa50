"""The Remedies panel."""
