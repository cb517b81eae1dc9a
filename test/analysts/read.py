"""Answers a query as CSV, the way an analyst reads the desk: pandas over psycopg2.

The first argument says where the database is, the query comes on standard input.
"""

import sys
import warnings

import pandas
import psycopg2

warnings.filterwarnings("ignore", message="pandas only support")  # it knows SQLAlchemy better, and reads this as well

with psycopg2.connect(sys.argv[1]) as connection:
    pandas.read_sql(sys.stdin.read(), connection).to_csv(sys.stdout, index=False)
