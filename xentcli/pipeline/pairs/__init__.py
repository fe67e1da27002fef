"""What is measured of two models and the rows that both have."""
