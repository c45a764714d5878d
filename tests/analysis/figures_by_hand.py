"""Toy models whose features lie as the corners of known figures: what a training would have to find."""

import numpy as np

import mi_widgets as mi


def polygon(n, turned=0.0):
    """(2, n): the corners of a regular polygon of radius 1."""
    angles = 2 * np.pi * np.arange(n) / n + turned
    return np.stack([np.cos(angles), np.sin(angles)])


def pairs(m):
    """(m, 2m): each axis, there and back."""
    return np.concatenate([np.eye(m), -np.eye(m)], 1)


def tetrahedron():
    """(3, 4)."""
    return np.array([[1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / np.sqrt(3)


def antiprism():
    """(3, 8): two squares, one turned by 45 degrees, as high as they are wide apart in each direction."""
    radius, height = np.sqrt(2 / 3), np.sqrt(1 / 3)
    above = np.concatenate([radius * polygon(4), np.full((1, 4), height)])
    below = np.concatenate([radius * polygon(4, np.pi / 4), np.full((1, 4), -height)])
    return np.concatenate([above, below], 1)


def cube():
    """(3, 8): as many features in as many dimensions as the antiprism, in another figure."""
    return np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, 8) / np.sqrt(3)


def side_by_side(*matrices):
    """Each matrix in dimensions of its own."""
    m, n = sum(len(W) for W in matrices), sum(W.shape[1] for W in matrices)
    joined = np.zeros((m, n))
    row = column = 0
    for W in matrices:
        joined[row : row + len(W), column : column + W.shape[1]] = W
        row, column = row + len(W), column + W.shape[1]
    return joined


def rotated(W, seed=0):
    """The same figure, turned in all dimensions."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(len(W), len(W))))[0] @ W


def in_a_plane(**options):
    """A toy model of two dimensions and five features: orthogonal, then pairs, then a pentagon."""
    orthogonal = np.zeros((2, 5))
    orthogonal[:, :2] = np.eye(2)
    four = np.concatenate([pairs(2), np.zeros((2, 1))], 1)
    return mi.toys.ToyModel(
        np.stack([orthogonal, four, polygon(5)]), sparsity=[0.0, 0.7, 0.9], name="by hand", **options
    )
