"""The computation graph: every value and gradient can be read."""

import numpy as np

from toolkit import plots


def test_computation_graph(draw):
    edges = {name: (np.full((2, 2), k + 0.25), np.full((2, 2), -k - 0.5)) for k, name in enumerate("xwah")}
    edges |= {"b": (np.array([7.0, 8.0]), np.array([-7.0, 0.0])), "loss": (1.126, 1.0)}
    (ax,) = draw(plots.computation_graph, edges).axes
    texts = [" ".join(text.get_text().split()) for text in ax.texts]
    for expected in (
        "affine",
        "ReLU",
        "softmax loss",
        "b = 7.00 8.00",
        "db = -7.00 0.00",
        "loss = 1.13",
        "dloss = 1.00",
    ):
        assert expected in texts
    assert "w = 1.25 1.25 1.25 1.25" in texts
    assert "dh = -3.50 -3.50 -3.50 -3.50" in texts


def test_no_text_is_cut_off_or_covered(draw):
    wide = np.array([[-10.25, 0.5, -3.25], [1.0, -22.5, 4.0]])
    figure = draw(plots.computation_graph, {name: (wide, wide) for name in ("x", "w", "b", "a", "h", "loss")})
    (ax,) = figure.axes
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)
    overlaps = [(a, b) for k, a in enumerate(boxes) for b in boxes[:k] if a.overlaps(b)]
    assert overlaps == []
