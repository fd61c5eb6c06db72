"""`kernels/layout.py` in plain NumPy."""


def clear(numbers):
    numbers[...] = 0


def take_tokens(rows, features):
    features[:, : len(rows)] = rows.T
    features[:, len(rows) :] = 0


def put_tokens(features, rows):
    rows[...] = features[:, : len(rows)].T


def take_columns(features, tokens, taken):
    taken[:, : len(tokens)] = features[:, tokens]
    taken[:, len(tokens) :] = 0


def put_columns(taken, tokens, features):
    features[...] = 0
    features[:, tokens] = taken[:, : len(tokens)]
