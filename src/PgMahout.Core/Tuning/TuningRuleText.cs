namespace PgMahout.Core.Tuning;

/// <summary>What the rules of tuning mean, and who says so. The manual's table is made of these.</summary>
public static class TuningRuleText
{
    /// <summary>For people, wherever the rule occurs; a value's own reason is in its setting.</summary>
    public static string Meaning(TuningRule rule) => rule switch
    {
        TuningRule.Classic => "The formula that most guides and running servers carry.",
        TuningRule.Pgtune => "What the PGTune website prints in 2026.",
        TuningRule.DefaultConnections =>
            "Nobody asked for a number of connections: PostgreSQL's default, fewer where a member has less than "
            + "1.2 GB; each costs memory on every member.",
        TuningRule.KeepDefaultWorkers =>
            "Never fewer worker processes than PostgreSQL's 8: the formula goes below it on a small machine, "
            + "and a standby that allows fewer than its primary stops.",
        TuningRule.ShortQueriesFewWorkers =>
            "Many clients with short queries keep all processors busy by themselves: at most 2 workers for one "
            + "query, none on a single processor.",
        TuningRule.KeepDefaultWorkMemory =>
            "Never less memory for a sort than PostgreSQL's 4 MB, unless it does not fit.",
        TuningRule.DataInMemory =>
            "Databases smaller than the memory are read from it: a random page costs little more than the next "
            + "one.",
        TuningRule.ReadAhead =>
            "How many reads are under way at once, by what the storage can do and by what a server of this "
            + "version makes of the number.",
        TuningRule.HugePages =>
            "Huge pages where the kernel lends them, never required: with `on`, a server that does not get them "
            + "does not start. Off where the control group would kill a server that uses them.",
        TuningRule.ShortQueriesWithoutJit => "Compiling a query takes longer than a short query runs.",
        TuningRule.CompressWal =>
            "Page images are compressed: less WAL to write, to send and to keep. lz4 where this build has it, "
            + "because an unknown method keeps a server from starting.",
        TuningRule.CompressLargeValues =>
            "Large values are compressed by lz4, several times faster than pglz, where this build has it.",
        TuningRule.AutovacuumWorkers => "More workers where there are processors and tables for them.",
        TuningRule.AutovacuumMemory =>
            "All workers together take one eighth of the memory at most; without it each takes "
            + "maintenance_work_mem.",
        TuningRule.AsynchronousReads =>
            "PostgreSQL 18 reads through worker processes; io_uring only where this build has it and a server "
            + "was seen to start with it.",
        TuningRule.ReserveForKeepers =>
            "The agent's two connections and an operator's find a place when clients have taken all others.",
        TuningRule.BoundWalByDisk =>
            "The members of one machine share its disk, and a server that cannot write WAL stops: at most one "
            + "eighth of a member's part of what is free.",
        TuningRule.FitMemory =>
            "Everything at once must fit into nine tenths of a member's part: shared buffers, a sort in every "
            + "connection and worker, all autovacuum workers, the agent.",
        TuningRule.SameOnEveryMember =>
            "A standby that allows less than its primary stops replaying: the largest value that a member's "
            + "machine suggests is used on all.",
    };

    public static string Source(TuningRule rule) => rule switch
    {
        TuningRule.Classic => "PGTune's formula of September 2021 to October 2022",
        TuningRule.Pgtune => "PGTune of July 2026",
        TuningRule.DefaultConnections => "PostgreSQL's default",
        TuningRule.KeepDefaultWorkers => "PostgreSQL's manual, Hot Standby, Administrator's Overview",
        TuningRule.ShortQueriesFewWorkers => "PostgreSQL's default; PGTune's issue 35",
        TuningRule.KeepDefaultWorkMemory => "PostgreSQL's default; PGTune since April 2026",
        TuningRule.DataInMemory => "PGTune since April 2026",
        TuningRule.ReadAhead => "PGTune since April 2026; from 18 on PostgreSQL's manual, Resource Consumption",
        TuningRule.HugePages => "PostgreSQL's manual, Linux Huge Pages",
        TuningRule.ShortQueriesWithoutJit => "PGTune since April 2026",
        TuningRule.CompressWal => "PGTune since April 2026; probed",
        TuningRule.CompressLargeValues => "PostgreSQL's manual, TOAST; probed",
        TuningRule.AutovacuumWorkers => "PGTune since April 2026",
        TuningRule.AutovacuumMemory => "PostgreSQL's manual, autovacuum_work_mem",
        TuningRule.AsynchronousReads => "PGTune since April 2026; probed",
        TuningRule.ReserveForKeepers => "pgmahout",
        TuningRule.BoundWalByDisk => "pgmahout",
        TuningRule.FitMemory => "pgmahout",
        TuningRule.SameOnEveryMember => "PostgreSQL's manual, Hot Standby, Administrator's Overview",
    };
}
