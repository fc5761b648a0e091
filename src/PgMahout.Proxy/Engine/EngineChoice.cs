using PgMahout.Proxy.Engine.Uring;

namespace PgMahout.Proxy.Engine;

/// <summary>
/// The fastest engine that this kernel allows; <c>PGMAHOUT_PROXY_ENGINE=epoll</c> asks for the other one.
/// </summary>
internal static class EngineChoice
{
    public const string Variable = "PGMAHOUT_PROXY_ENGINE";

    public static IEngine Make(ChunkPool pool, bool onlyEpoll) =>
        onlyEpoll || Environment.GetEnvironmentVariable(Variable) == "epoll"
            ? new EpollEngine(pool)
            : UringEngine.TryMake(pool) ?? (IEngine)new EpollEngine(pool);
}
