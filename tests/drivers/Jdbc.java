import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.PGConnection;

/** The JDBC driver: extended protocol throughout, server-side statements after the fifth use. */
public final class Jdbc {
    private interface Work {
        void run() throws Exception;
    }

    private static int failed;

    private static void check(String name, Work work) {
        try {
            work.run();
            System.out.println("ok " + name);
        } catch (Throwable error) {
            failed++;
            System.out.println("not ok " + name + ": " + error);
        }
    }

    private static Connection connect(String... more) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", System.getenv("PGUSER"));
        properties.setProperty("password", System.getenv("PGPASSWORD"));
        properties.setProperty("loginTimeout", "15");
        properties.setProperty("sslmode", "disable");
        for (var i = 0; i < more.length; i += 2) properties.setProperty(more[i], more[i + 1]);
        return DriverManager.getConnection(
            "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE"),
            properties);
    }

    private static void same(Object got, Object expected) {
        if (!expected.equals(got)) throw new AssertionError(got + " is not " + expected);
    }

    private static int number(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private static void prepare() throws SQLException {
        try (var one = connect(); var two = connect();
                var first = one.prepareStatement("select ?::int + 1"); var second = two.prepareStatement("select ?::int + 1")) {
            for (var i = 0; i < 200; i++)
                for (var statement : new java.sql.PreparedStatement[] {first, second}) {
                    statement.setInt(1, i);
                    try (var rows = statement.executeQuery()) {
                        rows.next();
                        same(rows.getInt(1), i + 1);
                    }
                }
        }
    }

    private static void batch() throws SQLException {
        try (var connection = connect()) {
            connection.setAutoCommit(false);
            connection.createStatement().execute("create temp table batch (n int)");
            try (var insert = connection.prepareStatement("insert into batch values (?)")) {
                for (var i = 0; i < 5000; i++) {
                    insert.setInt(1, i);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            same(number(connection, "select count(*)::int from batch"), 5000);
            var fetching = connection.createStatement();
            fetching.setFetchSize(100);
            var count = 0;
            try (var rows = fetching.executeQuery("select n from batch")) {
                while (rows.next()) count++;
            }
            same(count, 5000);
            connection.rollback();
        }
    }

    private static void cancel() throws Exception {
        try (var connection = connect(); var statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            try {
                statement.executeQuery("select pg_sleep(30)");
                throw new AssertionError("nobody cancelled it");
            } catch (SQLException error) {
                same(error.getSQLState(), "57014");
            }
            same(number(connection, "select 1"), 1);
        }
    }

    private static void copy() throws Exception {
        try (var connection = connect()) {
            connection.setAutoCommit(false);
            connection.createStatement().execute("create temp table copied (n int, t text)");
            var text = new StringBuilder();
            for (var i = 0; i < 100_000; i++) text.append(i).append("\trow\n");
            var copies = connection.unwrap(PGConnection.class).getCopyAPI();
            same(copies.copyIn("copy copied from stdin", new ByteArrayInputStream(text.toString().getBytes(StandardCharsets.UTF_8))), 100_000L);
            var out = new ByteArrayOutputStream();
            same(copies.copyOut("copy copied to stdout", out), 100_000L);
            same(out.size(), text.length());
            connection.rollback();
        }
    }

    private static void large() throws SQLException {
        try (var connection = connect(); var statement = connection.prepareStatement("select ?::text")) {
            var sent = "x".repeat(20_000_000);
            statement.setString(1, sent);
            try (var rows = statement.executeQuery()) {
                rows.next();
                same(rows.getString(1).equals(sent), true);
            }
        }
    }

    private static void heard() throws SQLException {
        try (var listening = connect(); var speaking = connect()) {
            listening.createStatement().execute("listen drivers");
            speaking.createStatement().execute("notify drivers, 'said'");
            var notices = listening.unwrap(PGConnection.class).getNotifications(15_000);
            same(notices.length, 1);
            same(notices[0].getParameter(), "said");
        }
    }

    public static void main(String[] arguments) {
        check("connect", () -> connect().close());
        check("prepare", Jdbc::prepare);
        check("batch", Jdbc::batch);
        check("cancel", Jdbc::cancel);
        check("copy", Jdbc::copy);
        check("large rows", Jdbc::large);
        check("primary asked for", () -> connect("targetServerType", "primary").close());
        if ("session".equals(System.getenv("DRIVERS_MODE"))) check("notify", Jdbc::heard);
        if ("1".equals(System.getenv("DRIVERS_TLS"))) check("tls", () -> {
            try (var connection = connect("sslmode", "require")) {
                same(number(connection, "select 1"), 1);
            }
        });
        System.exit(failed > 0 ? 1 : 0);
    }
}
