namespace PgMahout.Output;

/// <summary>Colours for people, by meaning; plain text where colours are not wanted.</summary>
public sealed record Paint(bool Enabled)
{
    public static readonly Paint None = new(false);

    public string Good(string text) => With("32", text);
    public string Warning(string text) => With("33", text);
    public string Bad(string text) => With("31", text);
    public string Strong(string text) => With("1", text);
    public string Faint(string text) => With("2", text);

    private string With(string code, string text) => Enabled ? $"\e[{code}m{text}\e[0m" : text;
}
