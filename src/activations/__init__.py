"""The tested package behind *Activations*, an executable book.

The names re-exported here are the ones that every chapter uses; the rest lives in the rooms:
`activations.logistic`, `activations.softmax`, `activations.lines`, `activations.mlp`,
`activations.truth`, `activations.experiments` and `activations.figures`.
"""

from activations.logistic import sigmoid, softplus
from activations.softmax import lse, onehot_argmax, softargmax

__all__ = ["lse", "onehot_argmax", "sigmoid", "softargmax", "softplus"]
