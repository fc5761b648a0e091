"""libpq by psycopg 2: simple queries only, COPY by files, polls for notifications."""


import io
import os
import select
import threading

import psycopg2
from checks import LARGE, MODE, ROWS, check, finish
from psycopg2.extras import execute_values


def connect(**more):
    connection = psycopg2.connect("", connect_timeout=15, **more)
    connection.autocommit = True
    return connection


def one(connection, sql, values=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone() if cursor.description else None


def prepare():
    connection = connect()
    connection.autocommit = False
    one(connection, "prepare add as select $1::int + 1")
    for i in range(50):
        assert one(connection, f"execute add({i})") == (i + 1,)
    one(connection, "deallocate add")
    connection.close()


def batch():
    connection = connect()
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("create temp table batch (n int)")
        execute_values(cursor, "insert into batch values %s", [(i,) for i in range(5000)], page_size=500)
        cursor.execute("select 1; select count(*) from batch")
        assert cursor.fetchone() == (5000,)
    connection.rollback()
    connection.close()


def cancel():
    connection = connect()
    timer = threading.Timer(0.5, connection.cancel)
    timer.start()
    try:
        one(connection, "select pg_sleep(30)")
        raise AssertionError("nobody cancelled it")
    except psycopg2.errors.QueryCanceled:
        pass
    timer.join()
    assert one(connection, "select 1") == (1,)
    connection.close()


def copy():
    connection = connect()
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("create temp table copied (n int, t text)")
        cursor.copy_expert("copy copied from stdin", io.StringIO("".join(f"{i}\trow\n" for i in range(ROWS))))
        out = io.StringIO()
        cursor.copy_expert("copy copied to stdout", out)
        assert out.getvalue().count("\n") == ROWS
        cursor.execute("savepoint before")
        try:
            cursor.copy_expert("copy copied from stdin", io.StringIO("1\ta\nno number\tb\n"))
            raise AssertionError("no number was taken")
        except psycopg2.errors.InvalidTextRepresentation:
            cursor.execute("rollback to before")
    connection.rollback()
    connection.close()


def notify():
    listening, speaking = connect(), connect()
    one(listening, "listen drivers")
    one(speaking, "notify drivers, 'said'")
    assert select.select([listening], [], [], 15)[0]
    listening.poll()
    assert [heard.payload for heard in listening.notifies] == ["said"]
    listening.close()
    speaking.close()


def large():
    connection = connect()
    sent = "x" * LARGE
    assert one(connection, "select %s, length(%s)", (sent, sent)) == (sent, LARGE)
    connection.close()


def parameters():
    connection = connect(options="-c search_path=pg_catalog", application_name="drivers")
    assert one(connection, "show application_name") == ("drivers",)
    assert one(connection, "show search_path") == ("pg_catalog",)
    connection.set_client_encoding("LATIN1")
    assert one(connection, "select %s", ("\u00e9",)) == ("\u00e9",)
    connection.close()


def tls():
    connection = connect(sslmode="require")
    assert connection.info.ssl_in_use
    assert one(connection, "select 1") == (1,)
    connection.close()


check("connect", lambda: connect().close())
check("prepare", prepare)
check("batch", batch)
check("cancel", cancel)
check("copy", copy)
check("large rows", large)
check("parameters", parameters)
check("notify", notify, when=MODE == "session")
check("tls", tls, when=os.environ.get("DRIVERS_TLS") == "1")
finish()
