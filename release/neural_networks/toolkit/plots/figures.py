"""The names of `toolkit.plots`, one for each figure, and its colors."""

from toolkit.plots.experiments import boundaries, signal_sizes, strengths
from toolkit.plots.features import feature_histograms, on_map
from toolkit.plots.graph import computation_graph
from toolkit.plots.guesses import guess_and_truth
from toolkit.plots.images import digits, dropout_draws, first_weights, most_wrong, pixel_statistics
from toolkit.plots.layers import activation, layer_histograms, network, vanishing_gradients
from toolkit.plots.losses import classification_losses, outlier, regression_losses
from toolkit.plots.optimization import (
    TRAINING_LABELS,
    health,
    learning_rates,
    loss_curves,
    overfitting,
    study,
    train_and_validation,
    training,
    validation_curves,
    valley,
)
from toolkit.plots.predictions import confusion, methods, predicted_against_true
from toolkit.plots.regularization import overparameterized, penalties, penalty_contours, shrinkage, weight_paths
from toolkit.plots.style import BLUE, BLUE_TO_ORANGE, COLORS, GREEN, GREY, ORANGE, PINK, RED, SKY, STYLE

__all__ = [
    "BLUE",
    "BLUE_TO_ORANGE",
    "COLORS",
    "GREEN",
    "GREY",
    "ORANGE",
    "PINK",
    "RED",
    "SKY",
    "STYLE",
    "TRAINING_LABELS",
    "activation",
    "boundaries",
    "classification_losses",
    "computation_graph",
    "confusion",
    "digits",
    "dropout_draws",
    "feature_histograms",
    "first_weights",
    "guess_and_truth",
    "health",
    "layer_histograms",
    "learning_rates",
    "loss_curves",
    "methods",
    "most_wrong",
    "network",
    "on_map",
    "outlier",
    "overfitting",
    "overparameterized",
    "penalties",
    "penalty_contours",
    "pixel_statistics",
    "predicted_against_true",
    "regression_losses",
    "shrinkage",
    "signal_sizes",
    "strengths",
    "study",
    "train_and_validation",
    "training",
    "validation_curves",
    "valley",
    "vanishing_gradients",
    "weight_paths",
]
