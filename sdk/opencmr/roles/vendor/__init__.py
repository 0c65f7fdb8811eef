"""The vendor's role: what a shop, a service, anybody with customers runs."""
