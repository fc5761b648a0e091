namespace PgMahout.Core.Ha;

/// <summary>What each rule means.</summary>
public static class RuleText
{
}
