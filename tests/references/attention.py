"""Multi-head attention in plain NumPy: the reference of `kernels/attention.py`.

One example, one head after the other, straight from the papers: Vaswani et al.,
"Attention Is All You Need", 2017, and Shaw et al., "Self-Attention with Relative
Position Representations", 2018. The compiled kernel computes the same for all examples
of a chunk at once, with the weights of a head in a band.
"""

import numpy as np


def attention(query, key, value, unidirectional=False, relative=None):
    """Attends within one example.

    Args:
        query: `[heads, tokens, depth]`.
        key: `[heads, tokens, depth]`.
        value: `[heads, tokens, depth]`.
        unidirectional: Whether a query sees no key after itself.
        relative: Embeddings of relative positions for keys and for values, each
            `[heads, distances, depth]` or `None`. Distance `key - query` is clipped to
            `[-farthest, farthest]`, and to `[-farthest, 0]` if unidirectional.

    Returns:
        Weights `[heads, tokens, tokens]`, attended values `[heads, tokens, depth]`.
    """
    weights, outputs = [], []
    for head, (q, k, v) in enumerate(zip(query, key, value)):
        key_embeddings, value_embeddings = (
            _embeddings_of_pairs(embeddings, head, q.shape, unidirectional)
            for embeddings in (relative or (None, None))
        )
        # logits[i, j] = q[i] . (k[j] + key_embedding[j - i]) / sqrt(depth)
        logits = q @ k.T + np.einsum("id,ijd->ij", q, key_embeddings)
        logits /= np.sqrt(q.shape[1])
        if unidirectional:
            logits[np.triu_indices(len(q), k=1)] = -np.inf
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        w = exponentials / exponentials.sum(axis=1, keepdims=True)
        # output[i] = sum over j of w[i, j] * (v[j] + value_embedding[j - i])
        outputs.append(w @ v + np.einsum("ij,ijd->id", w, value_embeddings))
        weights.append(w)
    return np.array(weights), np.array(outputs)


def attention_backward(output_gradients, query, key, value, weights):
    """Gradients with respect to query, key and value, without relative positions.

    Args:
        output_gradients: With respect to the attended values `[heads, tokens, depth]`.
        query: As for `attention`, like key and value.
        key: `[heads, tokens, depth]`.
        value: `[heads, tokens, depth]`.
        weights: As `attention` returned them; 0 for keys out of sight.

    Returns:
        Three arrays `[heads, tokens, depth]`.
    """
    gradients = []
    for g, q, k, v, w in zip(output_gradients, query, key, value, weights):
        weight_gradients = g @ v.T
        mean = (w * weight_gradients).sum(axis=1, keepdims=True)
        logit_gradients = w * (weight_gradients - mean) / np.sqrt(q.shape[1])
        gradients.append((logit_gradients @ k, logit_gradients.T @ q, w.T @ g))
    return [np.array(arrays) for arrays in zip(*gradients)]


def _embeddings_of_pairs(embeddings, head, shape, unidirectional):
    """The embedding of every pair of query and key `[tokens, tokens, depth]`."""
    tokens, depth = shape
    if embeddings is None:
        return np.zeros((tokens, tokens, depth))
    own = embeddings[head % len(embeddings)]
    farthest = len(own) - 1 if unidirectional else len(own) // 2
    distances = np.arange(tokens) - np.arange(tokens)[:, np.newaxis]
    nearest = 0 if unidirectional else farthest
    return own[np.clip(distances, -farthest, nearest) + farthest]
