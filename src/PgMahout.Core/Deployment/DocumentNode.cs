using System.Collections.Immutable;

namespace PgMahout.Core.Deployment;

/// <summary>A place in a text, both counted from 1, as editors show them.</summary>
public readonly record struct TextMark(int Line, int Column);

/// <summary>
/// What somebody wrote, as a tree in which everything knows where it stands. No format is known here, and no key is
/// lost: one that stands twice is there twice.
/// </summary>
public abstract record DocumentNode
{
    private DocumentNode(TextMark at) => At = at;

    public TextMark At { get; }

    public sealed record Scalar(string Text, TextMark At) : DocumentNode(At);

    public sealed record List(ImmutableArray<DocumentNode> Items, TextMark At) : DocumentNode(At);

    public sealed record Map(ImmutableArray<(Scalar Key, DocumentNode Value)> Entries, TextMark At) : DocumentNode(At);
}

/// <summary>Something in a text that an author should look at.</summary>
/// <param name="What">One clause for people, in lower case and without a full stop.</param>
/// <param name="Expected">What would have been right; empty when <paramref name="What"/> says it.</param>
/// <param name="IsWarning">It can be used as it is; otherwise nothing can.</param>
public sealed record DocumentFinding(TextMark At, string What, string Expected, bool IsWarning)
{
    public string Text(string file)
    {
        var kind = IsWarning ? "warning: " : "";
        var hint = Expected == "" ? "" : $" ({Expected})";
        return $"{file}:{At.Line}:{At.Column}: {kind}{What}{hint}";
    }
}
