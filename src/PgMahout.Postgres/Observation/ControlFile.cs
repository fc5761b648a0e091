using System.Buffers.Binary;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Observation;

/// <summary>
/// What global/pg_control says: the fields at its beginning, which have had the same places in every supported version.
/// </summary>
/// <param name="Redo">Where recovery would begin.</param>
/// <param name="Timeline">Of the last checkpoint; WAL beyond it can already be on a later one.</param>
internal sealed record ControlFile(ulong SystemIdentifier, ServerCondition Condition, Lsn Redo, TimelineId Timeline)
{
    private const int Length = 56;
    private const int NewestControlVersion = 1899;
    private const int OldestControlVersion = 1300;

    /// <summary>A shutdown checkpoint is its last record.</summary>
    public bool Clean => Condition is ServerCondition.ShutDown or ServerCondition.ShutDownInRecovery;

    /// <summary>Null when there is none, or it is not one of a supported version.</summary>
    public static ControlFile? Read(string dataDirectory)
    {
        var bytes = new byte[Length];
        try
        {
            using var file = File.OpenRead(Path.Combine(dataDirectory, "global", "pg_control"));
            file.ReadExactly(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        return Parse(bytes);
    }

    /// <summary>Native byte order: the file never leaves its architecture.</summary>
    internal static ControlFile? Parse(ReadOnlySpan<byte> bytes)
    {
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        var condition = BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]);
        var known = version is >= OldestControlVersion and <= NewestControlVersion;
        if (!known || condition > (uint)ServerCondition.InProduction)
            return null;
        return new ControlFile(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            (ServerCondition)condition,
            new Lsn(BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..])),
            new TimelineId(BinaryPrimitives.ReadUInt32LittleEndian(bytes[48..])));
    }
}

/// <summary>PostgreSQL's DBState, in its order.</summary>
internal enum ServerCondition
{
    StartingUp,
    ShutDown,
    ShutDownInRecovery,
    ShuttingDown,
    InCrashRecovery,
    InArchiveRecovery,
    InProduction,
}
