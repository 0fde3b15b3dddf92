"""python3 -m models import: a QKeras model trained elsewhere becomes a model file."""

import argparse
from pathlib import Path

from models.commands import tensorflow
from models.commands.arguments import positive
from models.files import check_writable
from models.spec import ModelError

TEXT = "make a model file of a QKeras model trained elsewhere (needs TensorFlow)"
MORE = (
    "A chain of QConv1D or Conv1D, causal, any dilation, each with a quantiser to the same number "
    "format behind it: quantized_bits(bits, integer, alpha=1) or quantized_relu(bits-1, integer). "
    "The integers of the result equal the QKeras model's forward in float64, or one line names the "
    "layer that is not supported and why. No code of the file is run."
)


def add_arguments(add):
    add("file", metavar="THEIR.keras|.h5", help="a whole model as Keras saved it")
    text = "model file to write (needed)"
    add("-o", "--output", required=True, default=argparse.SUPPRESS, metavar="OUT.npz", help=text)
    text = "Hz, the rate it was trained for; the file does not tell"
    add("--sample-rate", type=positive, default=192_000, help=text)


def run(args):
    output = Path(args.output)
    if output.suffix != ".npz":
        raise ModelError(f"{output}: a model must end in .npz, got {output.suffix or 'no suffix'}")
    check_writable(output, [args.file])
    tensorflow.need()
    chain = _read_chain(args.file)
    try:
        with tensorflow.quiet():
            from models.keras.importing import import_file
    except ImportError as error:
        raise ModelError(f"import needs TensorFlow and QKeras: {error}") from error
    model = import_file(args.file, args.sample_rate, chain=chain)
    model.save(output)
    spec = model.spec
    for index, layer in enumerate(spec.layers):
        print(
            f"layer {index}: {layer.in_channels} -> {layer.out_channels}, "
            f"{layer.kernel_size} taps, dilation {layer.dilation}, {layer.weights}"
            + (", relu" if layer.relu else "")
            + (f", {layer.repeat} times" if layer.repeat > 1 else "")
        )
    print(
        f"{output}: {spec.parameters} parameters, {spec.number_format}, "
        f"receptive field {spec.receptive_field}"
    )


def _read_chain(path):
    """The file's layers. What cannot be read is refused before TensorFlow, which takes seconds."""
    try:
        from models.keras.file import read_chain
    except ImportError as error:
        raise ModelError(f"import needs TensorFlow and QKeras: {error}") from error
    try:
        return read_chain(path)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
