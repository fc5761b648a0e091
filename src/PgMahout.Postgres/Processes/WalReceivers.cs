namespace PgMahout.Postgres.Processes;

/// <summary>The WAL receiver of a running server, found by its process title.</summary>
internal sealed class WalReceivers(ServerProcesses processes)
{
    private const string Title = "postgres: ";

    /// <summary>
    /// Asks each to end, which flushes what it has written. Returns how many there were, counting a child that has not
    /// said yet what it will be.
    /// </summary>
    public int Terminate(ServerProcess postmaster)
    {
        var count = 0;
        foreach (var process in processes.List().Where(process => process != postmaster))
        {
            var title = ProcessTable.Title(process.Pid);
            if (title is null || (title.StartsWith(Title, StringComparison.Ordinal) && !IsReceiver(title)))
                continue;
            count++;
            if (IsReceiver(title))
                processes.Send(process, Signal.Terminate);
        }
        return count;
    }

    /// <summary>"postgres: CLUSTER: walreceiver streaming 0/3000148"; a user or database may have that name, but then it is not first.</summary>
    internal static bool IsReceiver(string title)
    {
        var rest = title.AsSpan(Math.Min(Title.Length, title.Length));
        var cluster = rest.IndexOf(": ");
        return rest.StartsWith("walreceiver") || (cluster >= 0 && rest[(cluster + 2)..].StartsWith("walreceiver"));
    }
}
