using System.Collections.Immutable;

namespace PgMahout.Core.Diagnosis;

/// <summary>What the server says last, where what it said before was not understood.</summary>
internal static class GeneralSymptoms
{
    public static readonly ImmutableArray<Symptom> All =
    [
        new("hba-refused", SymptomEnd.Start, "could not load .*pg_hba.conf|could not load "
            + "\\S*hba\\S*$", finding => new Remedy(
            "The server refuses its pg_hba.conf; the lines before say why.",
            $"vi {finding.Reading.FileIn("pg_hba.conf")}")),
        new("settings-refused", SymptomEnd.Start, @"configuration file ""(?<file>[^""]*)"" contains "
            + @"errors", finding => new Remedy(
            $"{finding["file"]} has errors; the lines before say which.",
            $"postgres -C data_directory -D {finding.Reading.DataDirectory}", $"vi {finding["file"]}")),
        new("listening", SymptomEnd.Start, "could not create any TCP/IP sockets", finding => new Remedy(
            "The server could listen on none of its listen_addresses.",
            $"grep -n 'listen_addresses\\|^port' {finding.Reading.DataDirectory}/*.conf", "ss -ltn")),
    ];
}
