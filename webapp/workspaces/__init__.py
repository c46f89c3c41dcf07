"""What a customer's account decides about itself: its settings, and which groups may do what."""
