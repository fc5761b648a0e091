namespace PgMahout.Core.Access;

/// <summary>How much a piece of advice matters.</summary>
public enum AdviceWeight
{
    /// <summary>Harmless; good to know.</summary>
    Note,

    /// <summary>It does not do what it seems to.</summary>
    Warning,

    /// <summary>It lets somebody in who should not be.</summary>
    Danger,
}

/// <summary>Something an operator should know about one rule.</summary>
/// <param name="Line">Of the rule.</param>
/// <param name="Text">Whole sentences.</param>
public sealed record HbaAdvice(int Line, AdviceWeight Weight, string Text);
