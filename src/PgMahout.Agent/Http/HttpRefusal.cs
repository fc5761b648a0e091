namespace PgMahout.Agent.Http;

/// <summary>Why a message is not taken, with the status code that says so. The connection ends after it.</summary>
internal sealed record HttpRefusal(int Status, string Why);
