"""The book's explorables: figures that answer to the hand, on the page and in a notebook."""
from .bins import BinsVsDimensions
from .controller import ControllerReplay
from .corridor import ShortCorridor
from .gaussian import GaussianPolicy
from .landscape import Landscape
from .pushpull import PushAndPull
from .race import EstimatorRace
from .replay import TrainingReplay
from .sampler import ScoreSampler
from .simplex import SimplexGame
from .squash import ClipOrSquash
from .balls import TwoBalls
from .coast import Coasting
from .tent import LineTentTruth
