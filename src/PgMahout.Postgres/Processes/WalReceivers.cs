namespace PgMahout.Postgres.Processes;

/// <summary>The WAL receiver of a running server, found by its process title.</summary>
internal static class WalReceivers
{
    private const string Title = "postgres: ";

    /// <summary>
    /// Asks each to end, which flushes what it has written. Returns how many there were, counting a child that has not
    /// said yet what it will be.
    /// </summary>
    public static int Terminate(ServerProcess postmaster)
    {
        var count = 0;
        foreach (var pid in ProcessTable.Children(postmaster.Pid))
        {
            var title = ProcessTable.Title(pid);
            // Without a title it is a zombie, or has said goodbye already.
            if (string.IsNullOrEmpty(title))
                continue;
            var receives = IsReceiver(title);
            if (!receives && title.StartsWith(Title, StringComparison.Ordinal))
                continue;
            count++;
            if (receives)
                _ = LibC.Kill(pid, Signal.Terminate);
        }
        return count;
    }

    /// <summary>
    /// "postgres: CLUSTER: walreceiver streaming 0/3000148". A client backend begins with its user's name instead.
    /// </summary>
    internal static bool IsReceiver(string title)
    {
        if (!title.StartsWith(Title, StringComparison.Ordinal))
            return false;
        var rest = title.AsSpan(Title.Length);
        var cluster = rest.IndexOf(": ");
        return rest.StartsWith("walreceiver") || (cluster >= 0 && rest[(cluster + 2)..].StartsWith("walreceiver"));
    }
}
