namespace PgMahout.Backup.Repositories;

/// <summary>What may be the name of an object: parts of <c>[A-Za-z0-9._-]</c> joined by '/'.</summary>
public static class ObjectName
{
    private const int Longest = 512;

    /// <summary>No part is empty or begins with a dot: stores keep their own files under such names.</summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= Longest && name.Split('/').All(IsPart);

    /// <exception cref="ArgumentException">A name that this program must not have made.</exception>
    internal static void Require(string name)
    {
        if (!IsValid(name))
            throw new ArgumentException($"'{name}' is not the name of an object");
    }

    private static bool IsPart(string part) => part.Length > 0 && part[0] != '.' && part.All(IsAllowed);

    private static bool IsAllowed(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
}
