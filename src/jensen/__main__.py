"""``python -m jensen``."""

import sys

from jensen.cli import main

sys.exit(main())
