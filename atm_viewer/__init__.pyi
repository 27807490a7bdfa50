from atm_viewer.engine.errors import InputError as InputError
from atm_viewer.engine.errors import OutputError as OutputError
from atm_viewer.engine.recipe import Recipe as Recipe
from atm_viewer.engine.recipe import Region as Region
from atm_viewer.engine.recipe import SliceOverride as SliceOverride
from atm_viewer.engine.recipe import dump_recipe as dump_recipe
from atm_viewer.engine.recipe import load_recipe as load_recipe
from atm_viewer.notebook import Exposures as Exposures
from atm_viewer.notebook import SpectrumPair as SpectrumPair
from atm_viewer.notebook import open_exposures as open_exposures

__version__: str
