"""How the site looks to this person: language and theme, signed in or not."""
