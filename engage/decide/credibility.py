"""What few cases say of a group is drawn towards what all say, as far as chance could explain it."""

from __future__ import annotations

import numpy as np

from engage.decide.board import Numbers


def credible(n: Numbers, total: Numbers, squares: Numbers) -> tuple[Numbers, float]:
    """Return the mean of each group, the less its own the fewer cases it has, and the mean of all.

    n, total, squares: (g,) the number, the sum and the sum of squares of each group's cases. A group's
    mean counts with n / (n + k), that of all with the rest; k = s2 / t2, where s2 is how the cases
    scatter within groups and t2 how the groups' true means scatter: the empirical Bayes estimates of
    Buehlmann and Straub (1970), Glaubwuerdigkeit fuer Schadensaetze,

        s2 = sum(squares - total^2 / n) / (N - g)
        t2 = (sum(n (total / n - mean)^2) - (g - 1) s2) / (N - sum(n^2) / N)

    Where groups differ no more than chance makes them (t2 <= 0) all have the mean of all; so has a
    group without cases.
    """
    there = n > 0
    cases, groups = float(n.sum()), int(there.sum())
    mean = float(total.sum()) / cases if cases else 0.0
    own = np.where(there, total / np.maximum(n, 1), mean)
    spread = cases - float((n**2).sum()) / cases if cases else 0.0
    if cases <= groups or spread <= 0:
        return np.full(len(n), mean), mean
    within = max(0.0, float((squares - total * own)[there].sum()) / (cases - groups))
    between = (float((n * (own - mean) ** 2).sum()) - (groups - 1) * within) / spread
    if between <= 0:
        return np.full(len(n), mean), mean
    k = within / between
    return np.where(there, (n * own + k * mean) / np.maximum(n + k, 1e-12), mean), mean
