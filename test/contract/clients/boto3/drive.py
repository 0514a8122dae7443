"""Runs the life cycle of one service and prints, as JSON on the last line, which operations were answered."""

import importlib
import json
import sys

from kit import Kit

kit = Kit()
importlib.import_module(sys.argv[1]).life_cycle(kit)
print(json.dumps(kit.answered))
