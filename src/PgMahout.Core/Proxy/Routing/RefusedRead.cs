using PgMahout.Core.Protocol;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>A read that a standby could not do: a text does not show all that a statement does.</summary>
public static class RefusedRead
{
    /// <summary>
    /// Whether an answer begins with an error that is about being a standby, so that the primary would do better: it
    /// wrote (25006), it read what is not replicated (0A000), it is for a primary only (55000), or replay needed what
    /// it read (40001). Nothing of a result may have come before.
    /// </summary>
    /// <param name="answer">From the beginning of a message on.</param>
    /// <exception cref="ProtocolException">An error that is none.</exception>
    public static bool Is(ReadOnlySpan<byte> answer)
    {
        while (MessageHeader.TryRead(answer, out var header))
        {
            var length = MessageHeader.Size + header.BodyLength;
            if (length > answer.Length)
                return false;
            if (header.Type == BackendType.ErrorResponse)
                return ServerError.Read(answer[MessageHeader.Size..length]).SqlState
                    is "25006" or "0A000" or "55000" or "40001";
            // Parsed, bound, closed, described, a parameter, a notice: what says nothing of rows.
            if (!"123tTnSN"u8.Contains(header.Type))
                return false;
            answer = answer[length..];
        }
        return false;
    }
}
