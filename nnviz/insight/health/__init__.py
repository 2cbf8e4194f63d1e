"""What ails a network: rules of health, and what to try."""
