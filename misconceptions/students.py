"""The sample class: students with named mistakes, and what each of them must score.

`expected` names every test cell of the submitted notebooks that does not get full marks, with
the score that follows from the weights of its blocks.  Comments say which blocks fail.
"""

from examiner.audit import Student

RAISES = '''
def softmax_loss(x, y):
    """Calls a method that arrays do not have."""
    return x.softmax(y), x
'''

ENDLESS = '''
def r2_score(y, prediction):
    """Waits for a condition that never holds."""
    residual = y - prediction
    while residual is not None:
        residual = residual * 1.0
    return 0.0
'''

NOISY = """
import sys
import warnings


def affine_forward(x, w, b):
    warnings.warn("this function is noisy", DeprecationWarning)
    print("flattening", x.shape, file=sys.stderr)
    np.log(np.zeros(1))  # a RuntimeWarning
    print("done")
    return x.reshape(len(x), -1) @ w + b, (x, w)
"""

STUDENTS = (
    Student("reference"),
    Student(
        "other_styles",
        entries=(
            "affine_forward:five_tuple",
            "relu_forward:multiplied_by_mask",
            "sigmoid_backward:output_computed_again",
            "affine_relu_forward:closure",
            "mse_loss:mse_in_place",
            "softmax_loss:softmax_loops",
            "l2_regularization:l2_scalar_product",
            "l1_regularization:l1_where",
            "elastic_net_regularization:elastic_net_from_parts",
            "FullyConnectedNet:Inline",
            "sgd:sgd_in_place",
            "sgd_momentum:momentum_in_place",
            "sgd_momentum_ema:ema_from_classical",
            "nesterov:nesterov_two_velocities",
            "adam:adam_gathered",
            "standardize:zero_where_constant",
            "train_mnist_model:adam_in_one_batch",
            "standardize_and_clip:minimum_and_maximum",
            "r2_score:by_the_variance",
            "train_housing_model:adam_in_one_batch",
            "batchnorm_forward:step_by_step",
            "dropout_forward:boolean_mask",
        ),
    ),
    Student(
        "more_styles",
        entries=(
            "affine_backward:outer_products",
            "relu_forward:where",
            "relu_backward:zero_passes",
            "sigmoid_forward:two_masks",
            "sigmoid_backward:in_place",
            "affine_relu_forward:keywords",
            "affine_relu_backward:as_list",
            "mse_loss:mse_loops",
            "softmax_loss:softmax_in_place",
            "l1_regularization:l1_masks",
            "elastic_net_regularization:elastic_net_loop",
            "FullyConnectedNet:Recursive",
            "sgd:sgd_list",
            "sgd_momentum:momentum_double",
            "sgd_momentum_ema:ema_towards",
            "nesterov:nesterov_in_place",
            "adam:adam_in_place",
            "standardize:in_place",
            "build_mnist_model:wide_and_shallow",
            "standardize_and_clip:in_place",
            "r2_score:scalar_products",
            "build_housing_model:shallow",
            "batchnorm_forward:moments",
            "dropout_backward:in_place",
        ),
    ),
    Student(
        "report_bug",  # the course report's own: reg·W is missing from the last layer's gradient
        entries=("FullyConnectedNet:last_layer_gradient_not_regularized",),
        notebooks=("01_layers", "02_losses", "03_regularization", "04_fully_connected_net"),
        expected={"test_FullyConnectedNet__gradients": 5 * 4.5 / 7},  # the blocks of weights 0.5 and 2
    ),
    Student(
        "gradient_averaged",
        entries=("affine_backward:dw_averaged",),
        notebooks=("01_layers", "02_losses", "03_regularization"),
        expected={"test_affine_backward": 5 * 3.75 / 5},  # dw: by hand 0.25, random 1
    ),
    Student(
        "sigmoid_from_input",
        entries=("sigmoid_backward:derivative_from_input",),
        notebooks=("01_layers",),
        expected={"test_sigmoid_backward": 0.0},
    ),
    Student(
        "softmax_overflows",
        entries=("softmax_loss:softmax_not_shifted",),
        notebooks=("02_losses",),
        expected={"test_softmax_loss__stable": 0.0},
    ),
    Student(
        "square_halved",
        entries=("mse_loss:mse_halved",),
        notebooks=("01_layers", "02_losses", "03_regularization", "04_fully_connected_net"),
        expected={"test_mse_loss": 0.0},
        plain={"test_FullyConnectedNet__regression": 0.0},  # it is built on their own MSE
    ),
    Student(
        "elastic_net_halved",
        entries=("elastic_net_regularization:elastic_net_halved",),
        notebooks=("03_regularization",),
        expected={"test_elastic_net_regularization": 0.0},
    ),
    Student(
        "velocity_forgotten",  # right for one step, from a velocity that is given or zero
        entries=("sgd_momentum:velocity_not_stored",),
        notebooks=("05_optimization",),
        # velocity 1, several steps 1, other settings 1, config None 1
        expected={"test_sgd_momentum": 4 * 2 / 6},
    ),
    Student(
        "looked_at_test_data",
        entries=("standardize:statistics_of_all_data", "r2_score:share_not_explained"),
        expected={
            "test_standardize": 3 * 2 / 7,  # by hand 1, constant 1, other data 2, constant pixels 1
            "test_r2_score": 0.0,
        },
    ),
    Student("blank", blank=True),
    Student(
        "raises",
        answers={"softmax_loss": RAISES},
        notebooks=("01_layers", "02_losses", "03_regularization"),
        expected={"test_softmax_loss": 0.0, "test_softmax_loss__stable": 0.0},
    ),
    Student(
        "endless_loop",
        answers={"r2_score": ENDLESS},
        notebooks=("07_california_housing",),
        expected={"test_r2_score": 0.0},
        plain={"test_build_housing_model": 0.0, "test_train_housing_model": 0.0},  # there is no network to build on
    ),
    Student("noisy", answers={"affine_forward": NOISY}),
    Student(
        "foreign_files",
        files={"mnist_parameters.npz": b"not an archive", "housing_parameters.npz": None},
        expected={"test_train_mnist_model__accuracy": 0.0, "test_train_housing_model__rmse": 0.0},
    ),
)
