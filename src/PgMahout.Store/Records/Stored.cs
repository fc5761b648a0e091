using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Records;

/// <summary>A decoded record and its revision: what the next change of it must expect.</summary>
public sealed record Stored<T>(T Value, Revision Revision);
