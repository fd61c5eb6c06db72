"""`kernels/layout.py` in plain NumPy."""


def take_tokens(rows, first, count, features):
    features[:, :count] = rows[first : first + count].T
    features[:, count:] = 0


def put_tokens(features, first, count, rows):
    rows[first : first + count] = features[:, :count].T


def take_columns(features, tokens, taken):
    taken[:, : len(tokens)] = features[:, tokens]
    taken[:, len(tokens) :] = 0


def put_columns(taken, tokens, features):
    features[...] = 0
    features[:, tokens] = taken[:, : len(tokens)]
