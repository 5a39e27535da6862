"""The hosts' rooms: who is here, settings, jobs, log. No private content: hosts see only what was reported."""
