"""libpq by psycopg 3, its pipeline mode too. How a driver is told where to go, and what it prints: see run."""

import os
import threading
import time

import psycopg
from checks import LARGE, MODE, ROWS, check, finish


def connect(**more):
    return psycopg.connect(autocommit=True, connect_timeout=15, **more)


def prepare():
    with connect() as one, connect() as two:
        for i in range(200):
            for connection in (one, two):
                got = connection.execute("select %s::int + 1", (i,), prepare=True).fetchone()[0]
                assert got == i + 1, got
        one.execute("deallocate all")
        assert one.execute("select %s::int", (1,)).fetchone() == (1,)


def batch():
    with connect() as connection:
        with connection.transaction():
            connection.execute("create temp table batch (n int)")
            connection.cursor().executemany("insert into batch values (%s)", [(i,) for i in range(1000)])
            assert connection.execute("select count(*), sum(n) from batch").fetchone() == (1000, 499500)


def pipeline():
    with connect() as connection:
        with connection.pipeline():
            cursors = [connection.execute("select %s::int, repeat('x', 5000)", (i,)) for i in range(500)]
            assert [cursor.fetchone()[0] for cursor in cursors] == list(range(500))
        try:
            with connection.pipeline() as pipe:
                connection.execute("select 1")
                connection.execute("select 1/0")
                connection.execute("select 2")
                pipe.sync()
            raise AssertionError("a division by zero passed")
        except psycopg.errors.DivisionByZero:
            pass
        assert connection.execute("select 3").fetchone() == (3,)


def cancel():
    with connect() as connection:
        begun = time.monotonic()
        timer = threading.Timer(0.5, connection.cancel)
        timer.start()
        try:
            connection.execute("select pg_sleep(30)")
            raise AssertionError("nobody cancelled it")
        except psycopg.errors.QueryCanceled:
            assert time.monotonic() - begun < 15
        timer.join()
        assert connection.execute("select 1").fetchone() == (1,)


def copy():
    with connect() as connection, connection.transaction():
        connection.execute("create temp table copied (n int, t text)")
        with connection.cursor().copy("copy copied from stdin") as copy_in:
            for i in range(ROWS):
                copy_in.write_row((i, "row " * 5))
        count = 0
        with connection.cursor().copy("copy copied to stdout") as copy_out:
            for _ in copy_out.rows():
                count += 1
        assert count == ROWS, count
    with connect() as connection:
        try:
            with connection.cursor().copy("copy (select 1/(5-n) from generate_series(1, 9) n) to stdout") as copy_out:
                for _ in copy_out:
                    pass
            raise AssertionError("a division by zero passed")
        except psycopg.errors.DivisionByZero:
            pass
        assert connection.execute("select 1").fetchone() == (1,)


def notify():
    with connect() as listening, connect() as speaking:
        listening.execute("listen drivers")
        speaking.execute("notify drivers, 'said'")
        for heard in listening.notifies():
            assert (heard.channel, heard.payload) == ("drivers", "said")
            break


def large():
    with connect() as connection:
        sent = os.urandom(LARGE // 2).hex()
        got = connection.execute("select %s::text, length(%s::text)", (sent, sent)).fetchone()
        assert got == (sent, len(sent))
        rows = connection.execute("select n, repeat('y', 1000) from generate_series(1, 20000) n").fetchall()
        assert len(rows) == 20000 and rows[-1][0] == 20000


def transaction():
    with connect() as connection:
        connection.execute("begin")
        pid = connection.execute("select pg_backend_pid()").fetchone()
        for _ in range(20):
            assert connection.execute("select pg_backend_pid()").fetchone() == pid
        try:
            connection.execute("select 1/0")
        except psycopg.errors.DivisionByZero:
            pass
        try:
            connection.execute("select 1")
            raise AssertionError("a failed transaction went on")
        except psycopg.errors.InFailedSqlTransaction:
            pass
        connection.execute("rollback")


def scram():
    try:
        connect(password="not the password")
        raise AssertionError("a wrong password let in")
    except psycopg.OperationalError as error:
        assert "authentication failed" in str(error), error


def tls():
    with connect(sslmode="require") as connection:
        assert connection.pgconn.ssl_in_use
        assert connection.execute("select repeat('z', 1000000)").fetchone()[0] == "z" * 1000000


check("connect", lambda: connect().close())
check("scram refuses", scram)
check("prepare", prepare)
check("batch", batch)
check("pipeline", pipeline)
check("transaction", transaction)
check("cancel", cancel)
check("copy", copy)
check("large rows", large)
check("notify", notify, when=MODE == "session")
check("tls", tls, when=os.environ.get("DRIVERS_TLS") == "1")
finish()
