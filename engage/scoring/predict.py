"""A trained model gives each subject its chance or amount."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engage.features.definition import Feature
from engage.scoring import interval
from engage.scoring.artifact import Artifact
from engage.scoring.calibrate import Calibration
from engage.scoring.columns import Encoder, Matrix
from engage.scoring.contract import from_texts, split_text
from engage.scoring.purchases import averaged, from_body

Floats = NDArray[np.float64]


class Predictor:
    """A model ready to score frames; made once per artifact and used for any number of rows."""

    def __init__(self, artifact: Artifact, *, threads: int = 1) -> None:
        """Parse an artifact whose fingerprint `artifact.read` has checked."""
        body = artifact.body
        self.artifact = artifact
        self.features = tuple(Feature(**feature) for feature in body["features"])
        self._encoder = Encoder(self.features, body["categories"], model=artifact.model)
        self._calibration = Calibration(**body["calibration"])
        self._purchases = from_body(body.get("purchases"))
        self._names = tuple(feature.name for feature in self.features)
        self._threads = threads
        trees, *more = split_text(artifact.booster)
        self._booster = lgb.Booster(model_str=trees)
        self.around = interval.from_body(body.get("interval"))
        """How far amounts lie around the stated ones; None for chances and with few people."""
        self._retention = from_texts(more, body.get("contract"))

    def score(self, frame: pa.Table) -> Floats:
        """Return one number per row: a chance between 0 and 1, or an amount in minor units.

        Columns are found by name and checked by type; raises ArtifactRefused when they differ from
        those the model was trained on. A word or number it never saw counts as missing.
        """
        return self.score_matrix(self.encode(frame))

    def score_matrix(self, matrix: Matrix) -> Floats:
        """Return `score` for a frame that is already encoded.

        Where the artifact holds purchase models or a contract, the mean of theirs and the trees'.
        """
        raw = self.raw(matrix)
        if self._purchases is not None:
            amounts = self._purchases.amounts(matrix, self._names)
            raw = averaged(raw, amounts, logs=self._calibration.kind == "log_scale")
        if self._retention is not None:
            amounts = self._retention.amounts(matrix, threads=self._threads)
            raw = averaged(raw, amounts, logs=self._calibration.kind == "log_scale")
        return self._calibration.apply(raw)

    def interval(self, frame: pa.Table) -> tuple[Floats, Floats]:
        """Return between which amounts (low, high) four in five people like each row's end up.

        NaN where the artifact has no interval: a chance, or too few people to tell.
        """
        stated = self.score(frame)
        if self.around is None:
            return np.full(len(stated), np.nan), np.full(len(stated), np.nan)
        return self.around.around(stated)

    def encode(self, frame: pa.Table) -> Matrix:
        """Return the frame as the numbers this model computes with."""
        return self._encoder.encode(frame).matrix

    def raw(self, matrix: Matrix) -> Floats:
        """Return the trees' own sum per row, before purchase models and calibration."""
        return self._predict(matrix, raw_score=True)

    def contributions(self, matrix: Matrix) -> Floats:
        """Return each feature's part in the raw score (TreeSHAP, Lundberg et al. 2020).

        One column per feature and the average score last; a row sums to its raw score. Reasons
        explain the trees: purchase models see the same customer by three numbers of the features.
        """
        width = len(self.features) + 1
        return self._predict(matrix, pred_contrib=True).reshape(len(matrix), width)

    def _predict(
        self, matrix: Matrix, *, raw_score: bool = False, pred_contrib: bool = False
    ) -> Floats:
        if not len(matrix):
            return np.empty(0, dtype=np.float64)
        found = self._booster.predict(
            matrix, raw_score=raw_score, pred_contrib=pred_contrib, num_threads=self._threads
        )
        return np.asarray(found, dtype=np.float64)
