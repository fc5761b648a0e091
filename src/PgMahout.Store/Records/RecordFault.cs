namespace PgMahout.Store.Records;

/// <summary>A record is not readable. Becomes <see cref="RecordsRead.Unreadable"/> at the boundary.</summary>
internal sealed class RecordFault(string message) : Exception(message);
