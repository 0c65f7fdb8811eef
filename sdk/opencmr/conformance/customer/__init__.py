"""What must hold for a customer."""
