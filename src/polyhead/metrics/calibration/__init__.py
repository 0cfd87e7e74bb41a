"""Whether probabilities are probabilities, and how they become so."""
