"""Purchase models of `lifetimes`: `python values.py PURCHASES.parquet FOUND.parquet`.

Runs in an environment of its own (`make peers`) and knows nothing of Engage. PURCHASES holds the
`person`, `day` and `dollars` of what was bought in the first 39 weeks, nothing later; FOUND says of
each person on how many days they buy in the next 39 and what they spend. The fitted parameters are
printed as JSON.
"""

from __future__ import annotations

import json
import sys

import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import summary_data_from_transaction_data

END = "19970930"
WEEKS = 39
DAYS_A_WEEK = 7


def main() -> None:
    """Fit BG/NBD and gamma-gamma, write what they expect, and print their parameters."""
    purchases = pd.read_parquet(sys.argv[1])
    customers = summed(purchases, first=False)
    buying = BetaGeoFitter()
    buying.fit(customers["frequency"], customers["recency"], customers["T"])
    number = buying.conditional_expected_number_of_purchases_up_to_time(
        WEEKS, customers["frequency"], customers["recency"], customers["T"]
    )
    spending, amount = spent(customers)
    _, of_all = spent(summed(purchases, first=True))
    found = pd.DataFrame(
        {"purchases": number, "spend": number * amount, "spend_all": number * of_all}
    )
    found.rename_axis("person").reset_index().to_parquet(sys.argv[2])
    print(json.dumps({**buying.params_.to_dict(), **spending.params_.to_dict()}))


def summed(purchases: pd.DataFrame, *, first: bool) -> pd.DataFrame:
    """Return frequency, recency, age and mean spend of each customer, with or without the first."""
    return summary_data_from_transaction_data(
        purchases,
        "person",
        "day",
        "dollars",
        datetime_format="%Y%m%d",
        observation_period_end=END,
        freq_multiplier=DAYS_A_WEEK,
        include_first_transaction=first,
    ).sort_index()


def spent(customers: pd.DataFrame) -> tuple[GammaGammaFitter, pd.Series]:
    """Return gamma-gamma and what each customer is expected to spend on a day with a purchase."""
    paid = customers[(customers["frequency"] > 0) & (customers["monetary_value"] > 0)]
    model = GammaGammaFitter()
    model.fit(paid["frequency"], paid["monetary_value"])
    asked = customers["frequency"], customers["monetary_value"]
    return model, model.conditional_expected_average_profit(*asked)


if __name__ == "__main__":
    main()
