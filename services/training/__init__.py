"""Training: deals, hands, grades and sets."""
