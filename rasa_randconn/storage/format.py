"""What the files of trained components say they are.

Apart from the code that reads and writes them, so that a model can be looked at without
importing Rasa.
"""

#: Rises whenever files are written that an older version of this package cannot read.
FORMAT_VERSION = 2

WEIGHTS_FORMAT = "rasa_randconn.weights"
WEIGHTS_SUFFIX = ".weights.safetensors"
