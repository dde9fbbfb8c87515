# SPDX-License-Identifier: GPL-2.0-only
"""For Sphinx: sphinx-build Documentation OUTPUT."""
import os
import sys

sys.path.insert(0, os.path.abspath("sphinx"))

project = "pmem-heaps"
extensions = ["kerneldoc"]
html_theme = "alabaster"
html_show_copyright = False
