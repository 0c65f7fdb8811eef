"""What a customer holds in hand after having said something."""
