"""What `make results` computes: trainings on the real data, measurements, pictures and pages."""
