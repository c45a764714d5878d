"""What checks a reader's answers in the notebooks. The right ones are measured, not written down."""
