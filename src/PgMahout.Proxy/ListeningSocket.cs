namespace PgMahout.Proxy;

/// <summary>A socket that listens for clients, which one process may hand over to the next.</summary>
/// <param name="Name">
/// What it is for: <c>write</c>, <c>read</c> or <c>unix</c>, a space, and the address it is bound to.
/// </param>
/// <param name="Descriptor">Of this process; owned by whoever holds this value.</param>
public sealed record ListeningSocket(string Name, int Descriptor);
