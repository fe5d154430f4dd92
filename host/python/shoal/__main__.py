"""`python3 -m shoal ARGUMENTS` is the command line tool."""
import sys

from shoal import _core

sys.exit(_core.main(["shoal", *sys.argv[1:]]))
