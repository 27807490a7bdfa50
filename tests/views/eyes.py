"""Colours as people see them who lack a kind of cones."""

from __future__ import annotations

import numpy as np
from PyQt6.QtGui import QColor

#: What people see who lack cones for long, medium or short waves (Machado, Oliveira & Fernandes 2009), in linear RGB.
EYES = {
    "all cones": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    "no long": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no medium": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no short": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def seen_as(name: str, eyes: str) -> np.ndarray:
    """CIE Lab of a colour as some eyes see it."""
    return lab(np.array(QColor(name).getRgbF()[:3]), eyes)


def lab(rgb: np.ndarray, eyes: str) -> np.ndarray:
    """CIE Lab of sRGB colours, shape (…, 3), as some eyes see them."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(EYES[eyes]), 0.0, 1.0)
    xyz = seen @ np.transpose([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    share = xyz / [0.95047, 1.0, 1.08883]
    f = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
