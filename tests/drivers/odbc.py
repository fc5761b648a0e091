"""psqlODBC by pyodbc."""

import os
import threading

import pyodbc
from checks import MODE, check, finish


def connect(tls=False, **more):
    words = {
        "Driver": "PostgreSQL Unicode", "Server": os.environ["PGHOST"], "Port": os.environ["PGPORT"],
        "Database": os.environ["PGDATABASE"], "UID": os.environ["PGUSER"], "PWD": os.environ["PGPASSWORD"],
        "SSLmode": "require" if tls else "disable", **more,
    }
    return pyodbc.connect(";".join(f"{key}={value}" for key, value in words.items()), timeout=15, autocommit=True)


def prepare():
    one, two = connect(), connect(UseServerSidePrepare="1")
    for i in range(100):
        for connection in (one, two):
            assert connection.execute("select cast(? as int) + 1", i).fetchone()[0] == i + 1
    one.close()
    two.close()


def batch():
    connection = connect()
    connection.autocommit = False
    cursor = connection.cursor()
    cursor.execute("create temp table batch (n int)")
    cursor.executemany("insert into batch values (?)", [(i,) for i in range(500)])
    assert cursor.execute("select count(*) from batch").fetchone()[0] == 500
    connection.rollback()
    connection.close()


def cancel():
    connection = connect()
    cursor = connection.cursor()
    timer = threading.Timer(0.5, cursor.cancel)
    timer.start()
    try:
        cursor.execute("select pg_sleep(30)")
        raise AssertionError("nobody cancelled it")
    except pyodbc.Error as error:
        assert "cancel" in str(error), error
    timer.join()
    assert connection.execute("select 1").fetchone()[0] == 1
    connection.close()


def large():
    connection = connect(MaxLongVarcharSize="30000000")
    sent = "x" * 5_000_000
    assert connection.execute("select length(cast(? as text))", sent).fetchone()[0] == len(sent)
    assert connection.execute("select repeat('y', 5000000)").fetchone()[0] == "y" * 5_000_000
    connection.close()


def errors():
    connection = connect()
    try:
        connection.execute("select 1/0")
        raise AssertionError("a division by zero passed")
    except pyodbc.Error as error:
        assert error.args[0] == "22012", error
    assert connection.execute("select 1").fetchone()[0] == 1
    connection.close()


check("connect", lambda: connect().close())
check("prepare", prepare)
check("batch", batch)
check("errors", errors)
check("cancel", cancel)
check("large rows", large)
check("tls", lambda: connect(tls=True).close(), when=os.environ.get("DRIVERS_TLS") == "1")
finish()
