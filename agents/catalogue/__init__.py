"""The agents described from their own code: for the pages of `docs/`, the admin, the API and the command line."""
