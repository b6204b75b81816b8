"""Signs of life of the processes behind the service: web, relay, worker, beat."""
