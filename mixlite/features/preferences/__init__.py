"""How the site looks and listens to this person: language and theme, signed in or not; keys of the keyboard."""
