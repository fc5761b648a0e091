#:package Npgsql
using Npgsql;

var session = Environment.GetEnvironmentVariable("DRIVERS_MODE") == "session";
var failed = 0;
await CheckAsync("connect", async () => await (await OpenAsync()).DisposeAsync());
await CheckAsync("prepare", PrepareAsync);
await CheckAsync("batch", BatchAsync);
await CheckAsync("cancel", CancelAsync);
await CheckAsync("copy", CopyAsync);
await CheckAsync("large rows", LargeAsync);
if (session)
    await CheckAsync("notify", NotifyAsync);
if (Environment.GetEnvironmentVariable("DRIVERS_TLS") == "1")
    await CheckAsync("tls", async () => await (await OpenAsync(SslMode.Require)).DisposeAsync());
return failed > 0 ? 1 : 0;

async Task CheckAsync(string name, Func<Task> work)
{
    try
    {
        await work();
        Console.WriteLine($"ok {name}");
    }
    catch (Exception error) when (error is NpgsqlException or InvalidOperationException or TimeoutException)
    {
        failed++;
        Console.WriteLine($"not ok {name}: {error.Message}");
    }
}

static async Task<NpgsqlConnection> OpenAsync(SslMode tls = SslMode.Disable)
{
    static string Word(string name) => Environment.GetEnvironmentVariable(name)!;
    var text = new NpgsqlConnectionStringBuilder
    {
        Host = Word("PGHOST"),
        Port = int.Parse(Word("PGPORT"), System.Globalization.CultureInfo.InvariantCulture),
        Database = Word("PGDATABASE"),
        Username = Word("PGUSER"),
        Password = Word("PGPASSWORD"),
        SslMode = tls,
        Timeout = 15,
        Pooling = false,
        NoResetOnClose = true,
        MaxAutoPrepare = 10,
        AutoPrepareMinUsages = 2,
    };
    var connection = new NpgsqlConnection(text.ConnectionString);
    await connection.OpenAsync();
    return connection;
}

static void Same<T>(T got, T expected)
{
    if (!Equals(got, expected))
        throw new InvalidOperationException($"{got} is not {expected}");
}

static async Task<object?> OneAsync(NpgsqlConnection connection, string sql)
{
    await using var command = new NpgsqlCommand(sql, connection);
    return await command.ExecuteScalarAsync();
}

static async Task PrepareAsync()
{
    await using var one = await OpenAsync();
    await using var two = await OpenAsync();
    foreach (var connection in new[] { one, two, one, two })
    {
        await using var command = new NpgsqlCommand("select $1 + 1", connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 0 });
        await command.PrepareAsync();
        for (var i = 0; i < 50; i++)
        {
            ((NpgsqlParameter<int>)command.Parameters[0]).TypedValue = i;
            Same((int)(await command.ExecuteScalarAsync())!, i + 1);
        }
        await command.UnprepareAsync();
    }
    for (var i = 0; i < 20; i++)
        Same(await OneAsync(one, "select 7"), 7);
}

static async Task BatchAsync()
{
    await using var connection = await OpenAsync();
    await using var transaction = await connection.BeginTransactionAsync();
    await OneAsync(connection, "create temp table batch (n int)");
    await using var batch = new NpgsqlBatch(connection);
    for (var i = 0; i < 300; i++)
        batch.BatchCommands.Add(new NpgsqlBatchCommand("insert into batch values ($1)")
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = i } },
        });
    await batch.ExecuteNonQueryAsync();
    Same(await OneAsync(connection, "select count(*)::int from batch"), 300);
    await transaction.RollbackAsync();
}

static async Task CancelAsync()
{
    await using var connection = await OpenAsync();
    await using var command = new NpgsqlCommand("select pg_sleep(30)", connection);
    using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(0.5));
    try
    {
        await command.ExecuteScalarAsync(limit.Token);
        throw new InvalidOperationException("nobody cancelled it");
    }
    catch (OperationCanceledException)
    {
        Same(await OneAsync(connection, "select 1"), 1);
    }
}

static async Task CopyAsync()
{
    const int Rows = 100_000;
    await using var connection = await OpenAsync();
    await using var transaction = await connection.BeginTransactionAsync();
    await OneAsync(connection, "create temp table copied (n int, t text)");
    await using (var copy = await connection.BeginBinaryImportAsync("copy copied from stdin (format binary)"))
    {
        for (var i = 0; i < Rows; i++)
            await copy.WriteRowAsync(default, i, "row");
        await copy.CompleteAsync();
    }
    var count = 0;
    await using (var copy = await connection.BeginBinaryExportAsync("copy copied to stdout (format binary)"))
        while (await copy.StartRowAsync() != -1)
        {
            await copy.ReadAsync<int>();
            await copy.SkipAsync();
            count++;
        }
    Same(count, Rows);
    await transaction.RollbackAsync();
}

static async Task LargeAsync()
{
    await using var connection = await OpenAsync();
    var sent = new string('x', 20_000_000);
    await using var command = new NpgsqlCommand("select $1", connection);
    command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sent });
    Same((string)(await command.ExecuteScalarAsync())! == sent, true);
}

static async Task NotifyAsync()
{
    await using var listening = await OpenAsync();
    await using var speaking = await OpenAsync();
    var heard = "";
    listening.Notification += (_, notice) => heard = notice.Payload;
    await OneAsync(listening, "listen drivers");
    await OneAsync(speaking, "notify drivers, 'said'");
    using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
    while (heard.Length == 0)
        await listening.WaitAsync(limit.Token);
    Same(heard, "said");
}
