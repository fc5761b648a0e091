using System.Diagnostics;

namespace PgMahout.Postgres.Instance;

/// <summary>How the postmaster is launched by the process that guards it.</summary>
public static class ServerCommand
{
    /// <summary>
    /// Start this from a thread that lives as long as the server shall: the postmaster gets SIGQUIT when that
    /// <em>thread</em> ends (PR_SET_PDEATHSIG). The started process becomes the postmaster itself (same pid), leads its own session, and has
    /// standard output and error in <see cref="InstanceSettings.StartLog"/>.
    /// </summary>
    public static ProcessStartInfo For(InstanceSettings settings) => throw new NotImplementedException();
}
