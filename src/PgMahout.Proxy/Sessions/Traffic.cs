namespace PgMahout.Proxy.Sessions;

/// <summary>Counted for one user and database since the proxy began; times in nanoseconds, sizes in bytes.</summary>
internal sealed class Traffic
{
    public long Transactions { get; set; }
    public long Received { get; set; }
    public long Sent { get; set; }
    public long TransactionTime { get; set; }
    public long WaitTime { get; set; }
}
