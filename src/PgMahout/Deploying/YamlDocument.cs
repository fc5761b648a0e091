using System.Collections.Immutable;
using PgMahout.Core.Deployment;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace PgMahout.Deploying;

/// <summary>
/// YAML as a tree with places. Read from the parser's events, because the library's own tree refuses a key that stands
/// twice before anything else is looked at. What a configuration has no use for is refused: anchors, tags, a second
/// document.
/// </summary>
internal sealed class YamlDocument
{
    private const int Deepest = 10;
    private readonly IParser _parser;

    private YamlDocument(TextReader text) => _parser = new Parser(text);

    /// <returns>Null for an empty text.</returns>
    /// <exception cref="YamlException">It is not YAML; the message says why, the start mark where.</exception>
    public static DocumentNode? Read(TextReader text) => new YamlDocument(text).Read();

    /// <summary>What is wrong with a text that is not YAML.</summary>
    public static DocumentFinding Finding(YamlException broken) =>
        new(MarkOf(broken.Start), $"this is not YAML: {broken.Message}", "", IsWarning: false);

    private DocumentNode? Read()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
            return null;
        _parser.Consume<DocumentStart>();
        var root = Node(0);
        _parser.Consume<DocumentEnd>();
        if (_parser.Current is { } more and not StreamEnd)
            throw Refused(more, "a second document begins here");
        return root;
    }

    private DocumentNode Node(int depth)
    {
        var now = _parser.Current!;
        if (now is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
            throw Refused(now, "anchors are not taken; say it where it belongs");
        if (now is NodeEvent { Tag.IsEmpty: false })
            throw Refused(now, "tags are not taken");
        if (depth > Deepest)
            throw Refused(now, "this is nested too deeply");
        return now switch
        {
            Scalar => Text(),
            SequenceStart => List(depth),
            MappingStart => Map(depth),
            _ => throw Refused(now, "something else is here"),
        };
    }

    private DocumentNode.Scalar Text()
    {
        var scalar = _parser.Consume<Scalar>();
        // What YAML calls null is the same as nothing.
        var isNull = scalar.Style == ScalarStyle.Plain && scalar.Value is "~" or "null";
        return new DocumentNode.Scalar(isNull ? "" : scalar.Value, MarkOf(scalar.Start));
    }

    private DocumentNode.List List(int depth)
    {
        var start = _parser.Consume<SequenceStart>();
        var items = ImmutableArray.CreateBuilder<DocumentNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(Node(depth + 1));
        return new DocumentNode.List(items.ToImmutable(), MarkOf(start.Start));
    }

    private DocumentNode.Map Map(int depth)
    {
        var start = _parser.Consume<MappingStart>();
        var entries = ImmutableArray.CreateBuilder<(DocumentNode.Scalar, DocumentNode)>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var at = _parser.Current!;
            if (Node(depth + 1) is not DocumentNode.Scalar key)
                throw Refused(at, "this cannot be a key");
            entries.Add((key, Node(depth + 1)));
        }
        return new DocumentNode.Map(entries.ToImmutable(), MarkOf(start.Start));
    }

    private static TextMark MarkOf(Mark mark) => new((int)mark.Line, (int)mark.Column);

    private static YamlException Refused(ParsingEvent at, string why) => new(at.Start, at.End, why);
}
