namespace PgMahout.Core.Access;

/// <summary>One logical line that is neither empty nor a comment alone.</summary>
public abstract record HbaEntry
{
    private HbaEntry(HbaFields fields) => (Line, LineCount) = (fields.Number, fields.Count);

    /// <summary>The first physical line, from 1.</summary>
    public int Line { get; }

    /// <summary>More than one where a backslash continues a line.</summary>
    public int LineCount { get; }

    public sealed record Ruling : HbaEntry
    {
        internal Ruling(HbaFields fields, HbaRule rule) : base(fields) => Rule = rule;

        public HbaRule Rule { get; }
    }

    /// <summary>Other rules stand in its place, in files that are not read here.</summary>
    public sealed record Include : HbaEntry
    {
        internal Include(HbaFields fields, HbaInclude kind, string path) : base(fields) => (Kind, Path) = (kind, path);

        public HbaInclude Kind { get; }

        /// <summary>Relative to the directory of the file that names it.</summary>
        public string Path { get; }
    }

    public sealed record Broken : HbaEntry
    {
        internal Broken(HbaFields fields, HbaError error) : base(fields) => Error = error;

        public HbaError Error { get; }
    }
}

/// <summary>From version 16 on.</summary>
public enum HbaInclude
{
    File,
    FileIfThere,
    Directory,
}
