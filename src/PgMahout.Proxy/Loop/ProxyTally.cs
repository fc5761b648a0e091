namespace PgMahout.Proxy.Loop;

/// <summary>Counted by the loop; see <see cref="ProxyTotals"/>.</summary>
internal sealed class ProxyTally
{
    public long Logins { get; set; }
    public long Transactions { get; set; }
    public long Held { get; set; }
    public long HeldTooLong { get; set; }
    public long Lost { get; set; }
    public long Doubtful { get; set; }

    public ProxyTotals Snapshot() => new(Logins, Transactions, Held, HeldTooLong, Lost, Doubtful);
}
