"""The host's rooms: who is here, invitations, reports, settings, jobs, log. No private content but what was reported."""
