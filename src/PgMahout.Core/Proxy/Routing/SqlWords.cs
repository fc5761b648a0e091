using System.Text;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>The words that mean something here, found by their bytes without allocating.</summary>
internal static class SqlWords
{
    private const int Slots = 1 << 12;
    // Before the table, which is built of it: fields are initialized in the order of the text.
    private static readonly (SqlWord, string)[] Meanings =
    [
        (SqlWord.Modifies, "insert update delete merge"),
        (SqlWord.Into, "into"),
        (SqlWord.For, "for"),
        (SqlWord.Key, "key"),
        (SqlWord.Share, "share"),
        (SqlWord.As, "as"),
        (SqlWord.Not, "not"),
        (SqlWord.With, "with"),
        (SqlWord.Recursive, "recursive"),
        (SqlWord.Select, "select"),
        (SqlWord.Values, "values"),
        (SqlWord.Table, "table"),
        (SqlWord.LastValue, "last_value"),
        (SqlWord.AfterParenthesis, "over filter repeatable"),
        (SqlWord.Ordering, "group order"),
        (SqlWord.Partition, "partition"),
        (SqlWord.By, "by"),
        (SqlWord.Rollup, "rollup cube"),
        (SqlWord.Grouping, "grouping"),
        (SqlWord.Sets, "sets"),
        (SqlWord.Time, "time"),
        (SqlWord.Zone, "zone"),
        (SqlWord.Tablesample, "tablesample"),
        (SqlWord.SamplingMethod, "bernoulli system"),
        (SqlWord.Character, "bit char character nchar"),
        (SqlWord.Varying, "varying"),
        (SqlWord.Materialized, "materialized"),
        (SqlWord.Explain, "explain"),
        (SqlWord.ExplainOption, "analyze analyse verbose"),
        (SqlWord.Begin, "begin"),
        (SqlWord.Start, "start"),
        (SqlWord.Commit, "commit end"),
        (SqlWord.Rollback, "rollback abort"),
        (SqlWord.Prepare, "prepare"),
        (SqlWord.Prepared, "prepared"),
        (SqlWord.Deallocate, "deallocate"),
        (SqlWord.Transaction, "transaction"),
        (SqlWord.Constraints, "constraints"),
        (SqlWord.Serializable, "serializable"),
        (SqlWord.Read, "read"),
        (SqlWord.Only, "only"),
        (SqlWord.Write, "write"),
        (SqlWord.To, "to"),
        (SqlWord.Set, "set"),
        (SqlWord.Reset, "reset discard"),
        (SqlWord.Local, "local"),
        (SqlWord.Global, "global"),
        (SqlWord.Leaves, "listen unlisten load"),
        (SqlWord.Declare, "declare"),
        (SqlWord.Hold, "hold"),
        (SqlWord.Create, "create"),
        (SqlWord.Temporary, "temp temporary"),
        (SqlWord.All, "all"),

        // Reserved words and those that cannot name a function, as far as a parenthesis may follow them.
        (SqlWord.Syntax, """
            and any array asymmetric between bigint boolean both case cast coalesce current_time current_timestamp dec
            decimal distinct else except exists extract fetch float from greatest having ilike in int integer intersect
            interval join json_array json_arrayagg json_exists json_objectagg json_query json_scalar json_serialize
            json_table json_value lateral leading least limit localtime localtimestamp national normalize nullif
            numeric offset on or precision real row smallint some symmetric then timestamp trailing treat trim union
            using varchar variadic when where xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces
            xmlparse xmlpi xmlroot xmlserialize xmltable
            """),
    ];

    private static readonly Entry[] Table = Build();

    // Eight bits of each word's hash, so that names that mean nothing are dismissed within a few cache lines.
    private static readonly byte[] Marks =
        [.. Table.Select(entry => entry.Text is null ? (byte)0 : MarkOf(Hash(entry.Text)))];

    private readonly record struct Entry(byte[]? Text, SqlWord Word);

    /// <param name="name">In any case of letters, as PostgreSQL takes what is not quoted.</param>
    public static SqlWord Find(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > 63)
            return SqlWord.Other;
        var hash = Hash(name);
        for (var slot = hash >> 20; ; slot = (slot + 1) % Slots)
        {
            var mark = Marks[slot];
            if (mark == 0)
                return SqlWord.Other;
            if (mark == MarkOf(hash) && AreSame(name, Table[slot].Text))
                return Table[slot].Word;
        }
    }

    public static bool AreSame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower)
    {
        if (name.Length != lower.Length)
            return false;
        for (var i = 0; i < name.Length; i++)
            if (Lower(name[i]) != lower[i])
                return false;
        return true;
    }

    public static byte Lower(byte value) => value is >= (byte)'A' and <= (byte)'Z' ? (byte)(value | 0x20) : value;

    private static uint Hash(ReadOnlySpan<byte> name)
    {
        // Names share beginnings (json_, array_, regexp_), so that the end and the middle count too.
        var length = (uint)name.Length;
        var hash = (uint)(name[0] | 0x20) | ((uint)(name[^1] | 0x20) << 8)
            | ((uint)(name[(int)(length / 2)] | 0x20) << 16) | ((uint)(name[(int)(length * 3 / 4)] | 0x20) << 24);
        hash ^= length * 0x9E3779B1 ^ ((uint)(name[(int)(length / 4)] | 0x20) << 20);
        return hash * 0x85EBCA6B;
    }

    private static byte MarkOf(uint hash) => (byte)(hash | 1);

    private static Entry[] Build()
    {
        var table = new Entry[Slots];
        foreach (var (word, names) in Meanings)
            foreach (var name in Split(names))
                Add(table, name, word);
        foreach (var name in Split(ReadingFunctions.Names))
            Add(table, name, SqlWord.Function);
        foreach (var name in Split(ReadingFunctions.Catalogs))
            Add(table, name, SqlWord.Catalog);
        return table;
    }

    private static void Add(Entry[] table, string name, SqlWord word)
    {
        var text = Encoding.ASCII.GetBytes(name);
        var slot = Hash(text) >> 20;
        while (table[slot].Text is { } other)
        {
            if (other.AsSpan().SequenceEqual(text))
                throw new InvalidOperationException($"the word '{name}' has two meanings");
            slot = (slot + 1) % Slots;
        }
        table[slot] = new Entry(text, word);
    }

    private static string[] Split(string names) => names.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
