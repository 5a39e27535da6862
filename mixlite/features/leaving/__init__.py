"""Leaving: deleting one's account, seven days to come back, then the erasing."""
