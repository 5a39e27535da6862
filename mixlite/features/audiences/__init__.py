"""For whom: how many that would be, many entries at once, one's own default, and looking through others' eyes."""
