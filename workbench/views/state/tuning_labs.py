"""The tuner's experiments: a goal to reach, what filters and quantization cost, builders side by side.

They run in the background one at a time, as the curves do: two at once would measure each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Any as Anything
from traitlets import Float, Int, List, Unicode

from workbench.surfaces.notebook import build_race, filter_costs, goal, quantization_costs
from workbench.surfaces.notebook.build_race import Built
from workbench.surfaces.notebook.cloud import PointCloud
from workbench.surfaces.notebook.filter_costs import FilterCost
from workbench.surfaces.notebook.goal import Goal, GoalReport
from workbench.surfaces.notebook.quantization_costs import KINDS, QuantizationCost
from workbench.tasks import Progress, Task
from workbench.views.state.coloring import fields_of
from workbench.views.state.tuning import Tuning

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

GOAL = ("goal_recall", "goal_p95_ms", "goal_gb")
# Kinds of payload fields whose values can be filters.
_FILTERED = ("keyword", "integer", "bool")


class TuningLabs(Tuning):
    """A place among settings, and experiments around it.

    Attributes
    ----------
    goal_recall, goal_p95_ms, goal_gb : float
        What :meth:`find` looks for.
    found : GoalReport or None
    filter_key : str
        The payload field whose values are the filters; random points if empty.
    filter_keys : list of str
        The fields there are.
    filters : list of FilterCost
    codes : list of QuantizationCost
    codes_points : int
        Of how many vectors.
    builds : list of Built
    """

    goal_recall = Float(0.95)
    goal_p95_ms = Float(3.0)
    goal_gb = Float(2.0)
    found = Anything(None, allow_none=True)
    filter_key = Unicode("")
    filter_keys: List[Any] = List()
    filters: List[Any] = List()
    codes: List[Any] = List()
    codes_points = Int(0)
    builds: List[Any] = List()

    def __init__(self, collection: Collection, **settings: Any) -> None:
        super().__init__(collection, **settings)
        cloud = PointCloud.of(collection, self.now.vector, most=1_000)
        self.filter_keys = [key for key, kind in fields_of(cloud) if kind in _FILTERED]

    def find(self) -> None:
        """Look for settings that reach the goal, in the background."""
        self._start("looking for settings", self._seek)

    def measure_filters(self) -> None:
        """Measure what filters cost, in the background."""
        self._start("measuring filters", self._filter)

    def measure_codes(self) -> None:
        """Measure what each kind of quantization costs, in the background."""
        self._start("measuring quantization", self._quantize)

    def race(self) -> None:
        """Build the selected graph with each builder, in the background."""
        self._start("racing builders", self._race)

    def go_to(self, m: int, ef_construct: int, ef: int) -> None:
        """Move to one of the settings that were found."""
        with self.hold_trait_notifications():
            self.m, self.ef_construct, self.ef = m, ef_construct, ef

    def quantize(self, name: str) -> None:
        """Give the collection one of the kinds of codes; they are made in the background."""
        config = KINDS[name]
        self.collection.configure(quantization="Disabled" if config is None else config)
        self._start("using these codes", self._reload)

    # -- inside ----------------------------------------------------------------------------------------

    def _seek(self, task: Task, progress: Progress) -> None:
        wanted = Goal(self.goal_recall, self.goal_p95_ms, self.goal_gb * 1e9, self.k)

        def publish(report: GoalReport) -> None:
            self._newest(task, found=report)

        goal.seek(self.now, wanted, publish, progress)

    def _filter(self, task: Task, progress: Progress) -> None:
        def publish(costs: list[FilterCost]) -> None:
            self._newest(task, filters=costs)

        self._newest(task, filters=[])
        filter_costs.measure_filters(self.now, self.k, self.ef, self.filter_key, publish, progress)

    def _quantize(self, task: Task, progress: Progress) -> None:
        def publish(costs: list[QuantizationCost], points: int) -> None:
            self._newest(task, codes=costs, codes_points=points)

        self._newest(task, codes=[])
        quantization_costs.measure_quantization(self.now, self.k, self.ef, publish, progress)

    def _race(self, task: Task, progress: Progress) -> None:
        def publish(built: list[Built]) -> None:
            self._newest(task, builds=built)

        self._newest(task, builds=[])
        build_race.race(self.now, self.m, self.ef_construct, self.k, self.ef, publish, progress)
