"""Wrong and right answers that the tests must tell apart: one module per notebook.

A misconception names, in one sentence to the student, the mistake and the idea behind it,
never the line of code.  An alternative is a right answer in another style.  Functions use
`np` and, by name, other answers of their notebook, as a student's cell would.
"""
