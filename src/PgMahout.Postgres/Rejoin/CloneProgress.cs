using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Rejoin;

/// <summary>How far a clone has come. <paramref name="Total"/> is the source's estimate; it can grow.</summary>
public readonly record struct CloneProgress(ByteSize Copied, ByteSize Total);
