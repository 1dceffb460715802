"""After-care: what becomes of a delivered container once its restore has closed."""
