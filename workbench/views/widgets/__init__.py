"""Screens inside a notebook: ipywidgets and anywidget over the states."""
