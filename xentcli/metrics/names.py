"""The names of the metrics: importing the metrics themselves takes NumPy."""

HOMES = {  # name: module of this folder, which registers the metric
    "loss": "loss",
    "accuracy": "accuracy",
}
METRIC_NAMES = tuple(HOMES)
