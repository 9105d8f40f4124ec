from __future__ import annotations

import pytest

from engage.collect.schema import arrow_schema
from engage.domain.catalog import ARCHIVED, IMPORTABLE
from engage.domain.relations import Relation
from engage.features.schema import arrow_schema as feature_schema


@pytest.mark.parametrize("relation", {**ARCHIVED, **IMPORTABLE}.values(), ids=lambda one: one.name)
def test_imported_rows_have_the_shape_that_features_read(relation: Relation) -> None:
    # The two packages may not import each other, so each says it once and this holds them together.
    ours, theirs = arrow_schema(relation), feature_schema(relation)
    assert (ours.names, ours.types) == (theirs.names, theirs.types)
