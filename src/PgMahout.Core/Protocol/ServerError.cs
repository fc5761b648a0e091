namespace PgMahout.Core.Protocol;

/// <summary>What a server said in an ErrorResponse or NoticeResponse.</summary>
/// <param name="Severity">ERROR, FATAL, PANIC, NOTICE …, never translated.</param>
/// <param name="SqlState">Five characters, such as 55006.</param>
public sealed record ServerError(string Severity, string SqlState, string Message, string? Detail, string? Hint)
{
    public static ServerError Read(ReadOnlySpan<byte> body)
    {
        var reader = new MessageReader(body);
        string? translated = null, severity = null, state = null, message = null, detail = null, hint = null;
        while (reader.Byte() is var field && field != 0)
        {
            var value = reader.Text();
            switch ((char)field)
            {
                case 'S': translated = value; break;
                case 'V': severity = value; break;
                case 'C': state = value; break;
                case 'M': message = value; break;
                case 'D': detail = value; break;
                case 'H': hint = value; break;
                default: break;
            }
        }
        return new ServerError(severity ?? translated ?? "", state ?? "", message ?? "", detail, hint);
    }

    public override string ToString() =>
        $"{Severity} {SqlState}: {Message}{(Detail is null ? "" : $"; {Detail}")}{(Hint is null ? "" : $"; {Hint}")}";
}
