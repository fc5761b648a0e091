using System.Globalization;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Cluster;

namespace PgMahout.Tests.Ha;

/// <summary>A line of a scenario, read word by word.</summary>
internal sealed class Words(string line)
{
    private readonly string[] _words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    private int _next;

    public string Next() =>
        _next < _words.Length ? _words[_next++] : throw new FormatException($"line ends early: {line}");

    /// <summary>Null, and past it, if the next word says that there is none.</summary>
    public Words? Optional() => Skip("-") ? null : this;

    public bool Skip(string word)
    {
        var found = _next < _words.Length && _words[_next] == word;
        _next += found ? 1 : 0;
        return found;
    }

    public void Expect(string word)
    {
        if (!Skip(word))
            throw new FormatException($"'{word}' expected: {line}");
    }

    public void End()
    {
        if (_next < _words.Length)
            throw new FormatException($"'{_words[_next]}' not understood: {line}");
    }

    public string Rest()
    {
        var rest = string.Join(' ', _words[_next..]);
        _next = _words.Length;
        return rest;
    }

    public int Number() => int.Parse(Next(), CultureInfo.InvariantCulture);

    public Instant Moment() => Instant.Zero + Example.Seconds(double.Parse(Next(), CultureInfo.InvariantCulture));

    public Revision Revision() => new(Number());

    public MemberName Name() => new(Next());

    public IEnumerable<MemberName> Names()
    {
        while (_next < _words.Length && MemberName.IsValid(_words[_next]) && _words[_next].Length == 1)
            yield return Name();
    }

    public TEnum Enum<TEnum>() where TEnum : struct, Enum => System.Enum.Parse<TEnum>(Next());

    /// <summary>For example <c>any 1 of b c</c>, or <c>nobody</c>.</summary>
    public SynchronousSet Set()
    {
        if (Skip("nobody"))
            return SynchronousSet.Nobody;
        Expect("any");
        var quorum = Number();
        Expect("of");
        return SynchronousSet.Of(quorum, [.. Names()]);
    }

    /// <summary>For example <c>1:0/500</c>.</summary>
    public WalPosition Position()
    {
        var parts = Next().Split(':');
        return new WalPosition(new TimelineId(uint.Parse(parts[0], CultureInfo.InvariantCulture)), Lsn.Parse(parts[1]));
    }

    /// <summary>For example <c>after 1:0/500</c>; nothing for a timeline that has no other before it.</summary>
    public TimelineHistory History(TimelineId current) =>
        Skip("after") && Position() is var left
            ? new TimelineHistory([new TimelineSwitch(left.Timeline, left.Lsn)], current)
            : new TimelineHistory([], current);
}
