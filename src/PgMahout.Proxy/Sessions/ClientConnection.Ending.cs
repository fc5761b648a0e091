using PgMahout.Core.Proxy.Session;

namespace PgMahout.Proxy.Sessions;

/// <summary>What a client is told when it is not served any more.</summary>
internal sealed partial class ClientConnection
{
    public void Lose(LostWork work, string why)
    {
        Server = null;
        switch (work)
        {
            case LostWork.Nothing when !KeepsServer:
                if (!_pending.IsEmpty)
                    Begin();
                return;
            case LostWork.Nothing:
                Refuse("57P01", $"terminating connection: {why}", "Nothing was under way. Connect again.");
                return;
            case LostWork.RolledBack:
                Loop.Totals.Lost++;
                Refuse(
                    "57P01", $"terminating connection: {why}", "The transaction did not commit; it can be repeated.");
                return;
            case LostWork.Unknown:
                Doubt(why);
                return;
        }
    }

    /// <summary>
    /// Its connection ends, and whatever its server does for it then goes on or ends as it will: a commit that is under
    /// way may happen.
    /// </summary>
    public void Dismiss(string why)
    {
        if (Server is { IsAdjusting: false } server && server.Stream.Lost() == LostWork.Unknown)
            Doubt(why);
        else
            Refuse("57P01", $"terminating connection: {why}");
    }

    private void Doubt(string why)
    {
        Loop.Totals.Doubtful++;
        Refuse(
            "08007", $"the outcome of the transaction is unknown: {why}",
            "It may have been committed. Look before repeating it.");
    }

    /// <summary>It has waited for long enough.</summary>
    public void GiveUp()
    {
        Loop.Totals.HeldTooLong++;
        PoolGroup.Forget(this);
        Group!.Leave(this);
        Refuse("57P03", $"no server within {Loop.Settings.Hold.TotalSeconds:0.#} s: {Loop.WhyNoServer(Group)}",
            "Nothing was sent to a server; it can be repeated.");
    }

    public void Cancelled()
    {
        PoolGroup.Forget(this);
        Refuse("57014", "canceling statement due to user request", "It was still waiting for a server.");
    }
}
