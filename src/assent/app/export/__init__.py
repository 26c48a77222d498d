"""What was decided in a period, as rows for an auditor: read from the ledger, signed whole."""
