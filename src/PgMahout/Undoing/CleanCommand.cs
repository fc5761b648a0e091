using PgMahout.CommandLine;
using PgMahout.Output;

namespace PgMahout.Undoing;

/// <summary><c>undo clean</c>: removes what killed runs left. Every other run does that too.</summary>
internal static class CleanCommand
{
    public static Ending Run(Invocation invocation)
    {
        var cleared = UndoPlace.ClearLeftovers(invocation.Home);
        invocation.Screen.Data(invocation.Screen.IsJson
            ? DocumentJson.Text(
                new UndoCleanDocument(DocumentJson.Schema, [.. cleared]), DocumentJson.Types.UndoCleanDocument)
            : cleared.Count == 0 ? "nothing was left" : $"removed {string.Join(", ", cleared)}");
        return Ending.Ok;
    }
}
