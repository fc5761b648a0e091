using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;

namespace PgMahout.Verbs;

/// <summary>The places where WAL and backups go.</summary>
internal static class RepoVerb
{
    public static Command Build(CommonOptions common) =>
        new("repo", "Where WAL and backups go.") 
        {
            List(common), Add(common), Remove(common), Check(common),
        };

    public static void Bind(
        CommonOptions common, Command command, Func<ParseResult, Invocation, BackupAccess, Task<Ending>> run) =>
        common.Bind(command, async (parse, invocation) =>
        {
            var opened = await BackupAccess.OpenAsync(invocation.Home, invocation.Cancellation);
            if (!opened.TryGet(out var access, out var failure))
                return failure;
            await using var closing = access;
            return await run(parse, invocation, access);
        });

    private static Command List(CommonOptions common)
    {
        var command = new Command("list", "The repositories of this cluster.");
        Bind(common, command, (_, invocation, access) =>
            Task.FromResult(new RepositoryCommand(invocation, access).List()));
        return command;
    }

    private static Command Add(CommonOptions common)
    {
        var name = new Argument<string>("NAME") { Description = "For example: main." };
        var address = new Argument<string>("ADDRESS") { Description = "A directory, best on another disk." };
        var compression = new Option<(CompressionKind, int?)?>("--compression")
        {
            Description = "zstd (default), lz4 or none; with a level: zstd:3.",
            HelpName = "KIND[:LEVEL]",
            CustomParser = ParseCompression,
        };
        var key = new Option<string?>("--key-file")
        {
            Description = "Encrypt (AES-256-GCM) with the key in this file; it is made if it is not there.",
            HelpName = "FILE",
        };
        var system = new Option<bool>("--new-system")
        {
            Description = "The repository knows an older cluster of this name, and this one is its successor.",
        };
        var command = new Command("add", "Archive into one more place from now on.")
        {
            name, address, compression, key, system,
        };
        Bind(common, command, (parse, invocation, access) =>
        {
            var (kind, level) = parse.GetValue(compression) ?? (CompressionKind.Zstd, null);
            var settings = new RepositorySettings(
                parse.GetRequiredValue(name),
                Path.GetFullPath(parse.GetRequiredValue(address)),
                kind,
                level,
                parse.GetValue(key) is { } file ? Path.GetFullPath(file) : null,
                ImmutableSortedDictionary<string, string>.Empty);
            return new RepositoryCommand(invocation, access)
                .AddAsync(new RepositoryRequest(settings, parse.GetValue(system)));
        });
        return command;
    }

    private static Command Check(CommonOptions common)
    {
        var name = new Argument<string?>("NAME")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "Which one (default: the first).",
        };
        var command = new Command("check", "Try the whole way: an object and a piece of WAL, there and back.") { name };
        Bind(common, command, (parse, invocation, access) =>
            new RepositoryCommand(invocation, access).CheckAsync(parse.GetValue(name)));
        return command;
    }

    private static Command Remove(CommonOptions common)
    {
        var name = new Argument<string>("NAME");
        var command = new Command("remove", "Stop archiving into it; what is in it stays.") { name };
        Bind(common, command, (parse, invocation, access) =>
            new RepositoryCommand(invocation, access).RemoveAsync(parse.GetRequiredValue(name)));
        return command;
    }

    private static (CompressionKind, int?)? ParseCompression(ArgumentResult result)
    {
        var parts = result.Tokens[0].Value.Split(':');
        CompressionKind? kind = parts[0] switch
        {
            "none" => CompressionKind.None,
            "lz4" => CompressionKind.Lz4,
            "zstd" => CompressionKind.Zstd,
            _ => null,
        };
        int? level = null;
        if (parts.Length == 2 && int.TryParse(parts[1], CultureInfo.InvariantCulture, out var given))
            level = given;
        var fits = kind switch
        {
            CompressionKind.Zstd => level is null or (>= 1 and <= 19),
            CompressionKind.Lz4 => level is null or (>= 0 and <= 12),
            CompressionKind.None => level is null,
            null => false,
        };
        if (kind is { } known && fits && parts.Length <= 2 && (parts.Length == 1 || level is not null))
            return (known, level);
        result.AddError($"'{result.Tokens[0].Value}' is no compression: zstd, zstd:1 to zstd:19, lz4, lz4:3, none");
        return null;
    }
}
