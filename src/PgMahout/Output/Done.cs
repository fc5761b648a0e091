using PgMahout.Core.Vocabulary;

namespace PgMahout.Output;

/// <summary>What a verb did, said in the format that was asked for.</summary>
internal sealed record Done(string Verb, string Cluster, string Text, MemberName? Leader = null)
{
    public static void Say(Screen screen, Done done) => screen.Data(screen.IsJson
        ? DocumentJson.Text(
            new DoneDocument(DocumentJson.Schema, done.Verb, done.Cluster, done.Text, done.Leader?.Text),
            DocumentJson.Types.DoneDocument)
        : done.Text);
}
