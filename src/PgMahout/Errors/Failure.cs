using System.Collections.Immutable;

namespace PgMahout.Errors;

/// <summary>
/// An expected failure as an operator sees it: what happened, why, what state was left, what to do next, and a code
/// that <c>pgmahout explain</c> knows.
/// </summary>
/// <param name="What">One sentence that stands alone, in lower case and without a full stop.</param>
public sealed record Failure(ErrorKind Kind, string What)
{
    public const string NothingChanged = "nothing was changed";

    /// <summary>Labelled evidence, in order: <c>asked</c>, <c>because</c>.</summary>
    public ImmutableArray<Fact> Facts { get; init; } = [];

    /// <summary>The state that was left behind.</summary>
    public string Left { get; init; } = NothingChanged;

    /// <summary>Commands to run next, ready to be pasted.</summary>
    public ImmutableArray<string> Next { get; init; } = [];

    public Failure Asked(string text) => this with { Facts = Facts.Add(new Fact("asked", text)) };

    public Failure Because(string text) => this with { Facts = Facts.Add(new Fact("because", text)) };

    public Failure Leaving(string state) => this with { Left = state };

    public Failure Try(params ReadOnlySpan<string> commands) => this with { Next = [.. Next, .. commands] };
}

/// <summary>One line of evidence.</summary>
public sealed record Fact(string Label, string Text);
