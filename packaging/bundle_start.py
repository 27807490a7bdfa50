"""Where the bundled program begins; a bundle has no console scripts."""

import sys

from atm_viewer.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
