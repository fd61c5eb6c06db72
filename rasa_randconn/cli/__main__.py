"""Lets `python -m rasa_randconn.cli` run the command line."""

import sys

from rasa_randconn.cli import main

sys.exit(main())
