namespace PgMahout.Proxy.Engine;

/// <summary>The fastest engine that this kernel allows.</summary>
internal static class EngineChoice
{
    public static IEngine Make(ChunkPool pool) => new EpollEngine(pool);
}
