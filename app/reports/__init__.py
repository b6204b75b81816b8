"""Reports: counts that are kept with every change, so that no report counts tasks."""
