"""Sphinx' settings of the documentation site; ``packaging/make_docs.py`` gathers its sources and builds it."""

from importlib.metadata import version as version_of

project = "ATM Viewer"
author = "the developers of ATM Viewer"
copyright = f"2026, {author}"
version = release = version_of("atm-viewer")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx-mathjax-offline", "numpydoc", "sphinx_copybutton"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["parts/**"]

autodoc_typehints = "none"  # numpydoc's sections say what types the arguments have, in words
numpydoc_show_class_members = False

html_theme = "furo"
html_title = "ATM Viewer"
html_logo = "_static/atm-viewer.svg"
html_favicon = "_static/atm-viewer.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
