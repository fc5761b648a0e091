using PgMahout.Agent.Home;
using PgMahout.Output;

namespace PgMahout.CommandLine;

/// <summary>What every verb is given.</summary>
/// <param name="Yes">The user has agreed beforehand to what the verb would ask.</param>
public sealed record Invocation(
    HomeLayout Home, Screen Screen, bool Yes, bool Verbose, CancellationToken Cancellation);
