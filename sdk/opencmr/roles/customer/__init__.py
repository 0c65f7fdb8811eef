"""The customer's role: what a wallet, a personal agent runs."""
