"""Networks: description, exact integer arithmetic, folding, training. No hardware in here."""
