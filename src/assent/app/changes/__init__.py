"""What is done with changes: submit, review, decide, merge, take back."""
