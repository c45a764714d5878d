"""Any Result as a matplotlib figure, for print and for kinds that have no view yet."""
