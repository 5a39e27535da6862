"""Every page and every act, one folder each. Features do not know each other; they meet in `app/house.py`."""
