namespace PgMahout.Core.Proxy.Session;

/// <summary>Why reading what a client said has ended.</summary>
public enum ClientStop
{
    /// <summary>All of it was read.</summary>
    Read,

    /// <summary>The client says goodbye.</summary>
    Terminated,
}
