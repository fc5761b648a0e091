namespace PgMahout.Simulation;

/// <summary>Counts what held and what did not; every property is one.</summary>
internal sealed class Verdict(TextWriter output)
{
    private int _passed;
    private int _failed;

    public bool Good => _failed == 0 && _passed > 0;

    public void Count(bool held, string property)
    {
        if (held)
        {
            _passed++;
            return;
        }
        _failed++;
        output.WriteLine($"FAILED: {property}");
    }

    public void Write() => output.WriteLine($"{_passed} passed, {_failed} failed");
}
