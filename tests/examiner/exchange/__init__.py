"""Tests of the exchange with learning platforms."""
