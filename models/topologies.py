"""The nets this project knows by name: one table, shapes only."""

from models.spec import Conv1DSpec, ModelError, NetworkSpec


def _wavenet(name, dilations, sample_rate, channels=(4, 16, 16, 4), taps=4):
    """A chain of causal convolutions with ReLU on all but the last."""
    last = len(dilations) - 1
    layers = tuple(
        Conv1DSpec(channels[i], channels[i + 1], taps, dilation, relu=i != last)
        for i, dilation in enumerate(dilations)
    )
    return NetworkSpec(layers, sample_rate=sample_rate, name=name)


TOPOLOGIES = {
    spec.name: spec
    for spec in (
        # Sees 505 samples = 2.6 ms: enough to tell up from down at 192 kHz.
        _wavenet("waveshaper", dilations=(8, 32, 128), sample_rate=192_000),
        # The published net (matpalm/cached_dilated_causal_convolutions); sees 64 samples.
        _wavenet("original", dilations=(1, 4, 16), sample_rate=192_000),
    )
}


def get(name):
    """The NetworkSpec called `name`. Raises ModelError that lists the known names."""
    try:
        return TOPOLOGIES[name]
    except KeyError:
        known = ", ".join(sorted(TOPOLOGIES))
        raise ModelError(f"topology {name!r} is not known; known: {known}") from None
