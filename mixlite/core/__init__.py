"""The lowest floor: settings, database, clock, outbox, text, forms, errors. It knows no noun of the site."""
