namespace PgMahout.Store;

/// <summary>What became of opening or creating a store.</summary>
public abstract record StoreOpening
{
    private StoreOpening() { }

    /// <summary>Why there is no store to talk to, for people; empty when there is one.</summary>
    public string Problem => this switch
    {
        Ready => "",
        Missing missing => missing.Reason,
        Failed failed => failed.Reason,
        _ => throw new InvalidOperationException($"unknown opening {this}"),
    };

    /// <summary>There is a store to talk to; whether it can be read, its first answer says.</summary>
    public sealed record Ready(IClusterStore Store) : StoreOpening;

    /// <summary>There is nothing at this path: no cluster was ever created here, or it was destroyed.</summary>
    public sealed record Missing(string Reason) : StoreOpening;

    /// <summary>It could not be created or spoken to at all; nothing was left behind.</summary>
    public sealed record Failed(string Reason) : StoreOpening;
}
