"""An embedded PostgreSQL 18 for development, demo and tests; production sets DATABASE_URL instead.

Only `base` (the Django backend) imports Django; everything else is the standard library, so that the
launcher starts in a few hundredths of a second.
"""
