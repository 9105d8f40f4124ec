"""Other libraries on the rows that Engage was judged on: `python scores.py ROWS.parquet`.

Runs in an environment of its own (`make peers`) and knows nothing of Engage but the file that
`engage models evaluate --rows` writes. Each peer learns from the rows marked "rest", of which it sets
the last seventh of a seeded order aside to know when to stop, and scores those marked "judged".
"""

from __future__ import annotations

import json
import sys

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

Floats = NDArray[np.float64]
Fit = tuple[tuple[pd.DataFrame, Floats], tuple[pd.DataFrame, Floats]]
"""Features and labels to learn from, and those that tell when to stop."""

KEYS = ["subject_id", "person_id", "as_of", "label", "left_at", "part", "score"]
STEPS, PATIENCE, RATE = 2_000, 60, 0.03
SEED, SEVENTH = 1, 7


def main() -> None:
    """Print, as JSON, how each peer and Engage rank the judged rows."""
    rows = pd.read_parquet(sys.argv[1])
    features = rows.drop(columns=[name for name in KEYS if name in rows])
    for name in features.columns:
        words = not pd.api.types.is_numeric_dtype(features[name])
        features[name] = features[name].astype("category" if words else "float64")
    rest, judged = (rows["part"] == "rest").to_numpy(), (rows["part"] == "judged").to_numpy()
    label = rows["label"].to_numpy()
    order = np.random.default_rng(SEED).permutation(int(rest.sum()))
    kept, stop = order[len(order) // SEVENTH :], order[: len(order) // SEVENTH]
    x, y = features[rest], label[rest]
    fit = (x.iloc[kept], y[kept]), (x.iloc[stop], y[stop])
    scores = {name: peer(fit, features[judged]) for name, peer in PEERS.items()}
    scores["Engage"] = rows["score"].to_numpy()[judged]
    print(json.dumps({name: _figures(label[judged], score) for name, score in scores.items()}))


def by_lightgbm(fit: Fit, asked: pd.DataFrame) -> Floats:
    """Return the scores of LightGBM."""
    (x, y), stop = fit
    model = lightgbm.LGBMClassifier(
        n_estimators=STEPS,
        learning_rate=RATE,
        num_leaves=15,
        min_child_samples=30,
        colsample_bytree=0.5,
        subsample=0.8,
        subsample_freq=1,
        reg_lambda=1.0,
        random_state=SEED,
        n_jobs=2,
        verbosity=-1,
    )
    early = lightgbm.early_stopping(PATIENCE, verbose=False)
    model.fit(x, y, eval_set=[stop], eval_metric="auc", callbacks=[early])
    return model.predict_proba(asked)[:, 1]


def by_xgboost(fit: Fit, asked: pd.DataFrame) -> Floats:
    """Return the scores of XGBoost."""
    (x, y), stop = fit
    model = xgboost.XGBClassifier(
        n_estimators=STEPS,
        learning_rate=RATE,
        max_depth=5,
        min_child_weight=5,
        colsample_bytree=0.5,
        subsample=0.8,
        early_stopping_rounds=PATIENCE,
        eval_metric="auc",
        enable_categorical=True,
        random_state=SEED,
        n_jobs=2,
    )
    model.fit(x, y, eval_set=[stop], verbose=False)
    return model.predict_proba(asked)[:, 1]


def by_scikit_learn(fit: Fit, asked: pd.DataFrame) -> Floats:
    """Return the scores of scikit-learn's histogram trees."""
    (x, y), stop = fit
    model = HistGradientBoostingClassifier(
        max_iter=STEPS,
        learning_rate=RATE,
        max_leaf_nodes=15,
        min_samples_leaf=30,
        max_features=0.5,
        l2_regularization=1.0,
        early_stopping=True,
        n_iter_no_change=PATIENCE,
        categorical_features="from_dtype",
        random_state=SEED,
    )
    model.fit(x, y, X_val=stop[0], y_val=stop[1])
    return model.predict_proba(asked)[:, 1]


PEERS = {"LightGBM": by_lightgbm, "XGBoost": by_xgboost, "scikit-learn": by_scikit_learn}


def _figures(label: Floats, score: Floats) -> dict[str, float]:
    return {
        "roc_auc": float(roc_auc_score(label, score)),
        "pr_auc": float(average_precision_score(label, score)),
    }


if __name__ == "__main__":
    main()
