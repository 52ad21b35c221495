"""Wrong and right answers that the tests must tell apart: one module per notebook."""
