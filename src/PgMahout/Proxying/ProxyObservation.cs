using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Core.Proxy;

namespace PgMahout.Proxying;

/// <summary>The proxy, as far as the settings and its own report say.</summary>
/// <param name="Settings">Null: the cluster has none.</param>
/// <param name="Account">Null when none runs, or it has said nothing for a while.</param>
public sealed record ProxyObservation(ProxySettings? Settings, ProxyAccount? Account)
{
    public static readonly ProxyObservation None = new(null, null);

    public static ProxyObservation Of(HomeLayout home, ProxySettings? settings)
    {
        if (settings is null)
            return None;
        var account = ProxyAccount.Read(home);
        var lives = account is not null && PidLock.Holder(home.ProxyLock) == account.Pid
            && TimeProvider.System.GetUtcNow().UtcDateTime - account.At < ProxyAccount.Stale;
        return new ProxyObservation(settings, lives ? account : null);
    }
}
