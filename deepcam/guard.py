"""The guard under the name it had before the rooms, for scripts that were written then."""

from deepcam.protection.guard import Guard
from deepcam.protection.plans import Decision, Kind, Plan
from deepcam.protection.policy import GuardPolicy
from deepcam.protection.states import Event, State

__all__ = ["Decision", "Event", "Guard", "GuardPolicy", "Kind", "Plan", "State"]
