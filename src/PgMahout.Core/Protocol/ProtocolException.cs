namespace PgMahout.Core.Protocol;

/// <summary>The other side sent what no message of this protocol can be; the connection is of no further use.</summary>
public sealed class ProtocolException(string message) : FormatException(message);
