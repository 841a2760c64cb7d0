"""The older place of the models."""

from workbench.surfaces.client import models

__all__ = ["models"]
