"""The cupboard: every part that pages are built from, in every state, on one page for whoever builds mixlite."""
