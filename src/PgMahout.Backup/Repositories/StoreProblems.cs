using PgMahout.Postgres;

namespace PgMahout.Backup.Repositories;

/// <summary>How a store fails, by what an operator can do about it.</summary>
public static class StoreProblems
{
    public const string FullCode = "repository-full";
    public const string ReadOnlyCode = "repository-read-only";
    public const string DeniedCode = "repository-denied";
    public const string VanishedCode = "repository-vanished";
    public const string UnreachableCode = "repository-unreachable";
    public const string TooSlowCode = "repository-too-slow";

    private const string Kept = "every object is as it was, or whole";

    public static Problem Missing(string address, string name) => new(
        IObjectStore.Missing,
        $"{name} is not in {address}",
        "there is no object of that name",
        "nothing was changed",
        "if it must be there, look for who removed it: pgmahout backup verify");

    public static Problem Full(string address, string why) => new(
        FullCode, $"{address} is full", why, Kept, "free or add space there, or keep less: pgmahout backup expire");

    public static Problem ReadOnly(string address, string why) => new(
        ReadOnlyCode,
        $"{address} can be read only",
        why,
        Kept,
        "mount it for writing; the kernel makes a file system read-only after an error: see dmesg");

    public static Problem Denied(string address, string why) => new(
        DeniedCode, $"{address} refuses access", why, Kept, "let the user that this runs as read and write there");

    public static Problem Vanished(string address, string why) => new(
        VanishedCode, $"{address} is gone", why, "nothing was written elsewhere instead", "mount it again");

    public static Problem Unreachable(string address, string why) => new(
        UnreachableCode,
        $"{address} did not do what was asked",
        why,
        "whether it was done is not known; it can be asked again",
        "look at the storage and the way to it");

    public static Problem TooSlow(string address, TimeSpan limit) => new(
        TooSlowCode,
        $"{address} did not answer within {limit.TotalSeconds:0.#} s",
        "the storage hangs or is overloaded",
        "whether it was done is not known; it can be asked again",
        "look at the storage and the way to it");
}
