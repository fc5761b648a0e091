namespace PgMahout.Core.Tuning;

/// <summary>One setting of PostgreSQL with where its value comes from.</summary>
/// <param name="Value">As it is written in the configuration file, without quotes: <c>10485kB</c>, <c>0.9</c>.</param>
/// <param name="Reason">One sentence for the operator, with the figures that led to the value.</param>
public sealed record TuningSetting(string Name, string Value, TuningRule Rule, string Reason)
{
    /// <summary>Who says so: the published formula or the part of PostgreSQL's manual that the rule follows.</summary>
    public string Source => TuningRuleText.Source(Rule);
}
