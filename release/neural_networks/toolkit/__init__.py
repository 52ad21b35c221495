"""Tools handed to students: checks, gradients, data sets, the solver, plots."""
