using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Npgsql;
using PgMahout.Core.Undo.Returning;

namespace PgMahout.Undo.Returning;

/// <summary>A tablespace that is gone must not keep its tables away.</summary>
internal sealed partial class TablespaceCheck(NpgsqlConnection live)
{
    public async Task<(SchemaDump Dump, ImmutableArray<string> Warnings)> MendAsync(
        SchemaDump dump, CancellationToken cancellation)
    {
        var there = await live.RowsAsync(
            "SELECT quote_ident(spcname) FROM pg_tablespace", row => row.GetString(0), cancellation);
        var gone = new SortedSet<string>(StringComparer.Ordinal);
        string Mend(string statement)
        {
            var name = Chosen().Match(statement).Groups[1].Value;
            if (name is "" or "''" || there.Contains(name))
                return statement;
            gone.Add(name);
            return "SET default_tablespace = ''";
        }
        var mended = new SchemaDump(
            [.. dump.Before.Select(Mend)],
            new PostData(
                [.. dump.After.Indexes.Select(index => index with { Settings = [.. index.Settings.Select(Mend)] })],
                [.. dump.After.Others.Select(Mend)]));
        return (mended,
            [.. gone.Select(name => $"tablespace {name} is not there any more: its tables are in the default one")]);
    }

    [GeneratedRegex("^SET default_tablespace = (.*)$")]
    private static partial Regex Chosen();
}
