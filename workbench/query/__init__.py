"""Answers: each file is one kind of question, asked of a frozen :class:`~workbench.segments.view.View`."""
