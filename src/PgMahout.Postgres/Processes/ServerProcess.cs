namespace PgMahout.Postgres.Processes;

/// <summary>One process, named so that a reused pid is never taken for it.</summary>
/// <param name="StartTicks">Field 22 of /proc/PID/stat: clock ticks after boot at which it started.</param>
public readonly record struct ServerProcess(int Pid, ulong StartTicks);
