"""The book's explorables: figures that answer to the hand, on the page and in a notebook."""
from .bins import BinsVsDimensions
from .controller import ControllerReplay
from .corridor import ShortCorridor
from .dial import TheDial
from .ending import LiveOrDie
from .gaussian import GaussianPolicy
from .landscape import Landscape
from .live import LiveTraining
from .pushpull import PushAndPull
from .race import EstimatorRace
from .replay import TrainingReplay
from .sampler import ScoreSampler
from .simplex import SimplexGame
from .squash import ClipOrSquash
from .wrongright import WrongInTheRightWay
