"""Tasks in and out as CSV: imports that a job carries out, exports that stream."""
