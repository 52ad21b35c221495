"""Wrong and right answers to 05_optimization."""

import numpy as np

from examiner.catalogue import Catalogue

catalogue = Catalogue("05_optimization")

# ----------------------------------------------------------------------- sgd

STEP = 'next_w = w - config["learning_rate"] * dw'
catalogue.change(
    "sgd",
    "uphill",
    "The step goes along the gradient, uphill: subtract the gradient.",
    {STEP: STEP.replace("w -", "w +")},
)
catalogue.change(
    "sgd",
    "step_returned",
    "Only the step is returned: add it to the parameters.",
    {STEP: STEP.replace("w -", "-")},
)
catalogue.change(
    "sgd",
    "learning_rate_missing",
    "The step is not multiplied by the learning rate: multiply the gradient by it.",
    {STEP: "next_w = w - dw"},
)
catalogue.change(
    "sgd",
    "settings_ignored",
    "The learning rate in config is ignored: use the default only if config has none.",
    {"| (config or {})": "| {}"},
)
catalogue.change(
    "sgd", "other_default", "The default learning rate is wrong: use the one in the exercise.", {"1e-2}": "1e-3}"}
)
catalogue.change(
    "sgd",
    "learning_rate_divides",
    "The gradient is divided by the learning rate: multiply it.",
    {'config["learning_rate"] * dw': 'dw / config["learning_rate"]'},
)


catalogue.change(
    "sgd",
    "config_never_missing",
    "config is used like a dictionary although it may be None: use an empty dictionary then, so that the defaults apply.",
    {"| (config or {})": "| config"},
    variants=({'{"learning_rate": 1e-2} | config': "config"},),
)
catalogue.change(
    "sgd",
    "config_not_returned",
    "Only the new parameters are returned: the function should return two values, next_w and config.",
    {"return next_w, config": "return next_w"},
)
catalogue.change(
    "sgd",
    "weights_decay",
    "The update also shrinks the weights (weight decay): only the penalty in the loss should do that.",
    {STEP: 'next_w = w - config["learning_rate"] * (dw + 1e-4 * w)'},
    variants=tuple({"1e-4": number} for number in ("1e-2", "1e-3", "1e-5", "5e-4", "0.1")),
)
catalogue.change(
    "sgd",
    "gradient_normalized",
    "The gradient is divided by its norm, so that every step has the same length: use the gradient as it is.",
    {STEP: 'next_w = w - config["learning_rate"] * dw / np.linalg.norm(dw)'},
)


@catalogue.alternative("sgd", "in place, with setdefault")
def sgd_in_place(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    dw *= config["learning_rate"]
    w -= dw
    return w, config


@catalogue.alternative("sgd", "np.subtract, and a list")
def sgd_list(w, dw, config=None):
    config = dict(config) if config else {"learning_rate": 0.01}
    return [np.subtract(w, config.get("learning_rate", 0.01) * dw), config]


# -------------------------------------------------------------- sgd_momentum

VELOCITY = 'v = config["momentum"] * config["velocity"] - config["learning_rate"] * dw'
CLASSICAL = "return w + v, config"
catalogue.change(
    "sgd_momentum",
    "learning_rate_missing",
    "The gradient enters the velocity without the learning rate: multiply the gradient by it.",
    {VELOCITY: 'v = config["momentum"] * config["velocity"] - dw'},
)
catalogue.change(
    "sgd_momentum",
    "uphill",
    "The velocity goes along the gradient, uphill: subtract the gradient.",
    {VELOCITY: VELOCITY.replace("- config", "+ config")},
)
catalogue.change(
    "sgd_momentum",
    "velocity_subtracted",
    "The velocity is subtracted from w: add it, because it already has the sign of the step.",
    {CLASSICAL: CLASSICAL.replace("w + v", "w - v")},
)
catalogue.change(
    "sgd_momentum",
    "velocity_not_stored",
    "The new velocity is not stored in config, so every step starts from the old one: store the new one.",
    {' | {"velocity": v}': ""},
)
catalogue.change(
    "sgd_momentum",
    "velocity_overwritten",
    "The gradient is stored as the velocity: store the new velocity.",
    {'{"velocity": v}': '{"velocity": dw}'},
)
catalogue.change(
    "sgd_momentum",
    "weights_stored",
    "The new weights are stored as the velocity: store the new velocity.",
    {'{"velocity": v}': '{"velocity": w + v}'},
)
catalogue.change(
    "sgd_momentum",
    "old_velocity",
    "The step uses the old velocity: compute the new one first, then add it to w.",
    {"return w + v": 'return w + config["velocity"]'},
)
catalogue.change(
    "sgd_momentum",
    "average_instead",
    "This is the averaged form of momentum, sgd_momentum_ema: the gradient should have no factor 1 - μ.",
    {
        VELOCITY: 'v = config["momentum"] * config["velocity"] + (1 - config["momentum"]) * dw',
        "return w + v": 'return w - config["learning_rate"] * v',
    },
    variants=(
        {
            '+ (1 - config["momentum"]) * dw': '- (1 - config["momentum"]) * config["learning_rate"] * dw',
            'return w - config["learning_rate"] * v': "return w + v",
        },
    ),
)
catalogue.change(
    "sgd_momentum",
    "learning_rate_on_both",
    "The learning rate multiplies the old velocity, too: it should multiply the gradient only.",
    {VELOCITY: 'v = config["learning_rate"] * (config["momentum"] * config["velocity"] - dw)'},
)
catalogue.change(
    "sgd_momentum",
    "nesterov_instead",
    "This looks ahead, as Nesterov's momentum does: the step should be the velocity itself.",
    {"return w + v": 'return w + config["momentum"] * v - config["learning_rate"] * dw'},
)
catalogue.change(
    "sgd_momentum",
    "momentum_ignored",
    "The momentum in config is ignored: multiply the old velocity by it.",
    {VELOCITY: VELOCITY.replace('config["momentum"]', "0.9")},
)
catalogue.change(
    "sgd_momentum",
    "no_friction",
    "The old velocity is kept whole: multiply it by μ.",
    {'config["momentum"] * config': "config"},
)


catalogue.change(
    "sgd_momentum",
    "library_convention",
    "This is PyTorch's convention, v = μv + dw and w - ηv: the learning rate should scale the gradient inside the velocity, "
    "v = μv - ηdw and w + v.",
    {
        VELOCITY: 'v = config["momentum"] * config["velocity"] + dw',
        "return w + v": 'return w - config["learning_rate"] * v',
    },
)
catalogue.change(
    "sgd_momentum",
    "positive_velocity",
    "The velocity has the opposite sign, v = μv + ηdw and w - v: it should be v = μv - ηdw and w + v.",
    {VELOCITY: VELOCITY.replace("- config", "+ config"), "return w + v": "return w - v"},
)
catalogue.change(
    "sgd_momentum",
    "learning_rate_ignored",
    "The learning rate is hard-coded to the default: use the one in config.",
    {VELOCITY: VELOCITY.replace('config["learning_rate"]', "1e-2")},
    variants=({"1e-2 * dw": "1e-3 * dw"},),
)
catalogue.change(
    "sgd_momentum",
    "velocity_is_global",
    "The velocity is stored in a global variable, which all parameters share: store it in config, which belongs to one parameter.",
    {
        VELOCITY: VELOCITY.replace('config["velocity"]', 'globals().get("kept_velocity", 0)')
        + "\n    globals()['kept_velocity'] = v"
    },
    variants=({' | {"velocity": v}': ""},),
)
catalogue.change(
    "sgd_momentum",
    "velocity_of_another_shape",
    "The initial velocity does not have the shape of w: start with np.zeros_like(w).",
    {"np.zeros_like(w)": "np.zeros(len(w))"},
)


@catalogue.alternative("sgd_momentum", "velocity and weights changed in place")
def momentum_in_place(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    v *= config["momentum"]
    v -= config["learning_rate"] * dw
    config["velocity"] = v
    w += v
    return w, config


@catalogue.alternative("sgd_momentum", "double precision throughout, velocity only where there is one")
def momentum_double(w, dw, config=None):
    config = {} if config is None else config.copy()
    rate, mu = config.get("learning_rate", 0.01), config.get("momentum", 0.9)
    step = -rate * np.asarray(dw, dtype=np.float64)
    if config.get("velocity") is not None:
        step = step + mu * config["velocity"]
    config.update(learning_rate=rate, momentum=mu, velocity=step)
    return np.add(w, step), config


# ---------------------------------------------------------- sgd_momentum_ema

AVERAGE = 'v = config["beta"] * config["velocity"] + (1 - config["beta"]) * dw'
AVERAGED = 'return w - config["learning_rate"] * v'
catalogue.change(
    "sgd_momentum_ema",
    "classical_instead",
    "This is the classical form, sgd_momentum: the velocity should be an average of gradients.",
    {
        AVERAGE: 'v = config["beta"] * config["velocity"] - config["learning_rate"] * dw',
        AVERAGED: "return w + v",
    },
    variants=({'- config["learning_rate"] * dw': '+ config["learning_rate"] * dw', "return w + v": "return w - v"},),
)
catalogue.change(
    "sgd_momentum_ema",
    "sum_instead",
    "The gradient is added without its factor 1 - β, so v is a sum, not an average: multiply the gradient by 1 - β.",
    {AVERAGE: 'v = config["beta"] * config["velocity"] + dw'},
)
catalogue.change(
    "sgd_momentum_ema",
    "weights_swapped",
    "β and 1 - β are swapped: β should be the weight of the old average.",
    {AVERAGE: 'v = (1 - config["beta"]) * config["velocity"] + config["beta"] * dw'},
)
catalogue.change(
    "sgd_momentum_ema",
    "velocity_not_stored",
    "The new velocity is not stored in config, so every step starts from the old one: store the new one.",
    {' | {"velocity": v}': ""},
)
catalogue.change(
    "sgd_momentum_ema",
    "uphill",
    "The step goes along the averaged gradient, uphill: subtract it.",
    {AVERAGED: AVERAGED.replace("w -", "w +")},
)
catalogue.change(
    "sgd_momentum_ema",
    "average_not_used",
    "The step goes against the gradient itself, and the average is not used: subtract the learning rate times the average.",
    {AVERAGED: 'return w - config["learning_rate"] * dw'},
)
catalogue.change(
    "sgd_momentum_ema",
    "learning_rate_missing",
    "The step is not multiplied by the learning rate: multiply the gradient by it.",
    {AVERAGED: "return w - v"},
)
catalogue.change(
    "sgd_momentum_ema",
    "step_stored",
    "The whole step is stored, with the learning rate in it: the velocity should be the average of the gradients alone.",
    {'{"velocity": v}': '{"velocity": config["learning_rate"] * v}'},
)
catalogue.change(
    "sgd_momentum_ema",
    "bias_corrected",
    "The average is corrected for its start from zero, as in Adam: here it should not be.",
    {AVERAGED: 'return w - config["learning_rate"] * v / (1 - config["beta"])'},
)


catalogue.change(
    "sgd_momentum_ema",
    "beta_ignored",
    'β is hard-coded to 0.9, or read under a key other than "beta": it should come from config, under the key "beta".',
    {AVERAGE: 'v = 0.9 * config["velocity"] + (1 - 0.9) * dw'},
)
catalogue.change(
    "sgd_momentum_ema",
    "bias_corrected_by_step",
    "The average is corrected for its start from zero, as in Adam: here it should not be.",
    {
        AVERAGED: 'config["t"] = config.get("t", 0) + 1\n'
        '    return w - config["learning_rate"] * v / (1 - config["beta"] ** config["t"])'
    },
)
catalogue.change(
    "sgd_momentum_ema",
    "learning_rate_ignored",
    "The learning rate is hard-coded to the default: use the one in config.",
    {AVERAGED: AVERAGED.replace('config["learning_rate"]', "1e-2")},
)


@catalogue.alternative("sgd_momentum_ema", "the classical form at η(1 - β), turned back into an average")
def ema_from_classical(w, dw, config=None):
    config = {"learning_rate": 1e-2, "beta": 0.9, **(config or {})}
    rate, beta = config["learning_rate"], config["beta"]
    u = -rate * beta * config.get("velocity", 0.0) - rate * (1 - beta) * dw
    config["velocity"] = -u / rate
    return w + u, config


@catalogue.alternative("sgd_momentum_ema", "a step towards the gradient, in place")
def ema_towards(w, dw, config=None):
    config = config if config is not None else {}
    v = config.setdefault("velocity", np.zeros(w.shape))
    v += (1 - config.setdefault("beta", 0.9)) * (dw - v)
    w -= config.setdefault("learning_rate", 0.01) * v
    return w, config


# ------------------------------------------------------------------ nesterov

LOOK_AHEAD = 'return w + config["momentum"] * v - push'
catalogue.change(
    "nesterov",
    "classical_instead",
    "This is classical momentum: the step should also look ahead, as the formula does.",
    {LOOK_AHEAD: "return w + v"},
)
catalogue.change(
    "nesterov",
    "old_velocity",
    "The step uses the old velocity: look ahead with the new one.",
    {LOOK_AHEAD: 'return w + config["momentum"] * config["velocity"] - push'},
)
catalogue.change(
    "nesterov",
    "gradient_left_out",
    "The gradient is missing from the step: subtract the learning rate times the gradient.",
    {LOOK_AHEAD: 'return w + config["momentum"] * v'},
)
catalogue.change(
    "nesterov",
    "velocity_not_stored",
    "The new velocity is not stored in config, so every step starts from the old one: store the new one.",
    {' | {"velocity": v}': ""},
)
catalogue.change(
    "nesterov",
    "velocity_counted_twice",
    "The whole velocity is added before looking ahead, so the gradient counts twice: add only μ times the velocity.",
    {LOOK_AHEAD: 'return w + v + config["momentum"] * v - push'},
)
catalogue.change(
    "nesterov",
    "step_stored",
    "The whole step is stored as the velocity: store the velocity without looking ahead.",
    {'{"velocity": v}': '{"velocity": config["momentum"] * v - push}'},
)
catalogue.change(
    "nesterov",
    "momentum_missing",
    "The step adds the whole velocity to look ahead: multiply it by μ.",
    {LOOK_AHEAD: "return w + v - push"},
)


catalogue.change(
    "nesterov",
    "library_convention",
    "This is PyTorch's convention, in which the gradient enters the velocity without the learning rate: it should be v = μv - ηdw.",
    {
        'v = config["momentum"] * config["velocity"] - push': 'v = config["momentum"] * config["velocity"] + dw',
        LOOK_AHEAD: 'return w - config["learning_rate"] * (dw + config["momentum"] * v)',
    },
)
catalogue.change(
    "nesterov",
    "old_velocity_added",
    "The old velocity enters the step with the wrong sign: written with both velocities, the step should be -μ v_old + (1 + μ) v.",
    {LOOK_AHEAD: 'return w + config["momentum"] * config["velocity"] + (1 + config["momentum"]) * v'},
)
catalogue.change(
    "nesterov",
    "momentum_ignored",
    "The momentum is hard-coded to 0.9: use the one in config.",
    {
        'v = config["momentum"] * config["velocity"] - push': 'v = 0.9 * config["velocity"] - push',
        LOOK_AHEAD: "return w + 0.9 * v - push",
    },
)


@catalogue.alternative("nesterov", "from the old and the new velocity")
def nesterov_two_velocities(w, dw, config=None):
    config = dict(config or {})
    mu = config.setdefault("momentum", 0.9)
    old = config.get("velocity", np.zeros_like(w))
    new = mu * old - config.setdefault("learning_rate", 1e-2) * dw
    config["velocity"] = new
    return w - mu * old + (1 + mu) * new, config


@catalogue.alternative("nesterov", "everything in place")
def nesterov_in_place(w, dw, config=None):
    config = {} if config is None else config
    for key, value in [("learning_rate", 1e-2), ("momentum", 0.9), ("velocity", np.zeros(np.shape(w)))]:
        config.setdefault(key, value)
    dw *= -config["learning_rate"]
    config["velocity"] *= config["momentum"]
    config["velocity"] += dw
    w += dw
    w += config["momentum"] * config["velocity"]
    return w, config


# ---------------------------------------------------------------------- adam

CORRECTED = 'm / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + config["epsilon"])'
KEPT = '{"m": m, "v": v, "t": t}'
catalogue.change(
    "adam",
    "no_bias_correction",
    "The averages are not corrected for their start from zero: divide m by 1 - beta1**t, and v by 1 - beta2**t.",
    {CORRECTED: 'm / (np.sqrt(v) + config["epsilon"])'},
)
catalogue.change(
    "adam",
    "counted_after_use",
    "t is increased after it is used, so the first correction divides by zero: increase t first.",
    {"beta1**t)": 'beta1 ** config["t"])', "beta2**t)": 'beta2 ** config["t"])'},
)
catalogue.change(
    "adam",
    "steps_not_counted",
    "t is not stored in config, so every step counts as the first: store it.",
    {', "t": t}': "}"},
)
catalogue.change(
    "adam",
    "epsilon_inside_root",
    "epsilon is added inside the root: add it after taking the root.",
    {CORRECTED: 'm / (1 - beta1**t) / np.sqrt(v / (1 - beta2**t) + config["epsilon"])'},
)
catalogue.change(
    "adam",
    "betas_swapped",
    "beta1 and beta2 are swapped: beta1 should be for the gradient, beta2 for its square.",
    {"beta1, beta2, t =": "beta2, beta1, t ="},
)
catalogue.change(
    "adam",
    "not_squared",
    "v averages the absolute value of the gradient: it should average the square.",
    {"dw**2": "np.abs(dw)"},
)
catalogue.change(
    "adam",
    "gradient_instead_of_average",
    "The step uses the gradient itself: use its average m, corrected for its start from zero.",
    {CORRECTED: CORRECTED.replace("m / (1 - beta1**t)", "dw")},
)
catalogue.change(
    "adam",
    "root_missing",
    "The root of v is missing from the step: divide by the root, not by v.",
    {"np.sqrt(v / (1 - beta2**t))": "v / (1 - beta2**t)"},
)
catalogue.change(
    "adam",
    "corrected_stored",
    "The corrected averages are stored: store the uncorrected ones, because the correction is for this step only.",
    {KEPT: '{"m": m / (1 - beta1**t), "v": v / (1 - beta2**t), "t": t}'},
)
catalogue.change(
    "adam",
    "averages_not_stored",
    "The averages are not stored in config, so every step starts from zero: store them.",
    {KEPT: '{"t": t}'},
)
catalogue.change(
    "adam",
    "only_first_corrected",
    "Only m is corrected for its start from zero: v should be corrected, too.",
    {"v / (1 - beta2**t)": "v"},
)
catalogue.change(
    "adam",
    "uphill",
    "The step goes uphill: subtract it.",
    {'w - config["learning_rate"]': 'w + config["learning_rate"]'},
)


catalogue.change(
    "adam",
    "one_step_ahead",
    "t is one too large: it should start at 0 and be increased once before it is used, so that the first step has t = 1.",
    {'"t": 0}': '"t": 1}'},
)
catalogue.change(
    "adam",
    "correction_one_step_ahead",
    "The correction uses t + 1 although t has already been increased, which is one too large: use t.",
    {"beta1**t)": "beta1 ** (t + 1))", "beta2**t)": "beta2 ** (t + 1))"},
)
catalogue.change(
    "adam",
    "settings_ignored",
    "beta1, beta2 and epsilon are hard-coded to the defaults: use the values in config.",
    {'config["beta1"], config["beta2"]': "0.9, 0.999", CORRECTED: CORRECTED.replace('config["epsilon"]', "1e-8")},
    variants=({"+ 1e-8)": '+ config["epsilon"])'},),
)
catalogue.change(
    "adam",
    "epsilon_ignored",
    "epsilon is hard-coded to the default: use the one in config.",
    {CORRECTED: CORRECTED.replace('config["epsilon"]', "1e-8")},
)
catalogue.change(
    "adam",
    "multiplied_by_t",
    "beta is multiplied by t in the correction: it should be raised to the power t, beta**t.",
    {"beta1**t)": "beta1 * t)", "beta2**t)": "beta2 * t)"},
)
catalogue.change(
    "adam",
    "epsilon_before_correction",
    "epsilon is added to the root of v before the correction, as in the efficient form of Adam's paper: here v is corrected first.",
    {CORRECTED: 'm / (1 - beta1**t) / ((np.sqrt(v) + config["epsilon"]) / np.sqrt(1 - beta2**t))'},
)
catalogue.change(
    "adam",
    "weights_decay",
    "The update also shrinks the weights (weight decay): only the penalty in the loss should do that.",
    {'w - config["learning_rate"] * step': 'w - config["learning_rate"] * (step + 1e-2 * w)'},
    variants=tuple({"1e-2 * w": f"{number} * w"} for number in ("1e-3", "1e-4", "0.1")),
)


@catalogue.alternative("adam", "both corrections gathered in the learning rate")
def adam_gathered(w, dw, config=None):
    config = dict(config or {})
    for key, value in dict(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0).items():
        config.setdefault(key, value)
    config["t"] += 1
    config["m"] = config["beta1"] * config.get("m", np.zeros_like(w)) + (1 - config["beta1"]) * dw
    config["v"] = config["beta2"] * config.get("v", np.zeros_like(w)) + (1 - config["beta2"]) * np.square(dw)
    root = np.sqrt(1 - config["beta2"] ** config["t"])
    rate = config["learning_rate"] * root / (1 - config["beta1"] ** config["t"])
    return w - rate * config["m"] / (np.sqrt(config["v"]) + config["epsilon"] * root), config


@catalogue.alternative("adam", "averages changed in place")
def adam_in_place(w, dw, config=None):
    config = {} if config is None else config
    b1, b2 = config.setdefault("beta1", 0.9), config.setdefault("beta2", 0.999)
    m = config.setdefault("m", np.zeros(w.shape))
    v = config.setdefault("v", np.zeros(w.shape))
    config["t"] = t = config.get("t", 0) + 1
    m += (1 - b1) * (dw - m)
    v += (1 - b2) * (dw * dw - v)
    w -= (
        config.setdefault("learning_rate", 0.001)
        * (m / (1 - b1**t))
        / ((v / (1 - b2**t)) ** 0.5 + config.setdefault("epsilon", 1e-8))
    )
    return w, config


# ------------------------------------------------------------------- rmsprop

SQUARES = 'cache = config["decay_rate"] * config["cache"] + (1 - config["decay_rate"]) * dw**2'
DIVIDED = 'step = dw / (np.sqrt(cache) + config["epsilon"])'
catalogue.change(
    "rmsprop",
    "cache_not_stored",
    "The new average is not stored in config, so every step starts from zero: store it.",
    {' | {"cache": cache}': ""},
)
catalogue.change(
    "rmsprop",
    "root_missing",
    "The gradient is divided by the average of its squares: divide by the root of it.",
    {DIVIDED: DIVIDED.replace("np.sqrt(cache)", "cache")},
)
catalogue.change(
    "rmsprop",
    "epsilon_outside_the_fraction",
    "epsilon is added to the whole fraction: set the root and epsilon in parentheses, so that the gradient is divided by both.",
    {DIVIDED: 'step = dw / np.sqrt(cache) + config["epsilon"]'},
    variants=tuple(
        {'(cache) + config["epsilon"]': f'(cache) {sign} config["epsilon"] / config["learning_rate"]'} for sign in "+-"
    ),
)
catalogue.change(
    "rmsprop",
    "multiplied_by_the_root",
    "The gradient is multiplied by the root of the average: divide by it.",
    {DIVIDED: DIVIDED.replace("dw /", "dw *")},
)
catalogue.change(
    "rmsprop",
    "not_squared",
    "The cache averages the absolute value of the gradient: it should average the square.",
    {"dw**2": "np.abs(dw)"},
)
catalogue.change(
    "rmsprop",
    "weights_swapped",
    "ρ and 1 - ρ are swapped: ρ should be the weight of the old average.",
    {SQUARES: 'cache = (1 - config["decay_rate"]) * config["cache"] + config["decay_rate"] * dw**2'},
)
catalogue.change(
    "rmsprop",
    "sum_instead",
    "The squares are added up, as in AdaGrad, so the steps become shorter and shorter: average them with ρ and 1 - ρ.",
    {SQUARES: 'cache = config["cache"] + dw**2'},
)
catalogue.change(
    "rmsprop",
    "factor_missing",
    "The square is added without its factor 1 - ρ, so the cache is a sum, not an average: multiply the square by 1 - ρ.",
    {SQUARES: 'cache = config["decay_rate"] * config["cache"] + dw**2'},
)
catalogue.change(
    "rmsprop",
    "epsilon_inside_root",
    "epsilon is added inside the root: add it after taking the root.",
    {DIVIDED: 'step = dw / np.sqrt(cache + config["epsilon"])'},
)
catalogue.change(
    "rmsprop",
    "old_cache",
    "The gradient is divided by the root of the old average: compute the new one first.",
    {DIVIDED: DIVIDED.replace("np.sqrt(cache)", 'np.sqrt(config["cache"])')},
)
catalogue.change(
    "rmsprop",
    "uphill",
    "The step goes uphill: subtract it.",
    {'w - config["learning_rate"]': 'w + config["learning_rate"]'},
)
catalogue.change(
    "rmsprop",
    "bias_corrected",
    "The average is corrected for its start from zero, as in Adam: here it should not be.",
    {
        DIVIDED: 'config["t"] = config.get("t", 0) + 1\n'
        '    step = dw / (np.sqrt(cache / (1 - config["decay_rate"] ** config["t"])) + config["epsilon"])'
    },
)
catalogue.change(
    "rmsprop",
    "decay_ignored",
    "ρ is hard-coded to the default: use the one in config.",
    {SQUARES: SQUARES.replace('config["decay_rate"]', "0.99")},
    variants=({'0.99 * config["cache"] + (1 - 0.99)': '0.9 * config["cache"] + (1 - 0.9)'},),
)


@catalogue.alternative("rmsprop", "everything in place")
def rmsprop_in_place(w, dw, config=None):
    config = {} if config is None else config
    for key, value in [("learning_rate", 1e-2), ("decay_rate", 0.99), ("epsilon", 1e-8), ("cache", np.zeros(w.shape))]:
        config.setdefault(key, value)
    config["cache"] *= config["decay_rate"]
    config["cache"] += (1 - config["decay_rate"]) * dw * dw
    w -= config["learning_rate"] * dw / (config["cache"] ** 0.5 + config["epsilon"])
    return w, config


@catalogue.alternative("rmsprop", "a step towards the square")
def rmsprop_towards(w, dw, config=None):
    config = dict(config or {})
    old = config.get("cache", 0.0)
    config["cache"] = old + (1 - config.get("decay_rate", 0.99)) * (np.square(dw) - old)
    length = config.get("learning_rate", 0.01) / (np.sqrt(config["cache"]) + config.get("epsilon", 1e-8))
    return w - length * dw, config


# ---------------------------------------------------- how mutants are tried out


def several_steps(rule, rng, settings):
    w, config, seen = rng.normal(size=(2, 3)), dict(settings) if rng.integers(4) else None, []
    for _ in range(5):
        w, config = rule(w.copy(), 10.0 ** rng.integers(-9, 3) * rng.normal(size=w.shape), config)
        seen.append([w, {name: config[name] for name in ("velocity", "m", "v", "t", "cache") if name in config}])
    return seen


@catalogue.probe("sgd", "sgd_momentum", "sgd_momentum_ema", "nesterov", "adam", "rmsprop")
def steps_taken(answers, rng):
    settings = {
        "learning_rate": rng.uniform(),
        "momentum": rng.uniform(),
        "beta": rng.uniform(),
        "beta1": rng.uniform(),
        "decay_rate": rng.uniform(),
    }
    chosen = {name: settings[name] for name in settings if rng.integers(2)}
    momentum = answers.sgd_momentum, answers.sgd_momentum_ema, answers.nesterov
    rules = answers.sgd, *momentum, answers.adam, answers.rmsprop
    return [several_steps(rule, rng, chosen) for rule in rules]
