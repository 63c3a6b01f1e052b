namespace TinyWorker.Backends;

/// <summary>A worker whose code runs elsewhere, where it can be ended whatever it does. Thread-safe.</summary>
internal interface IRemoteWorker
{
    /// <summary>The process in which it runs; null while there is none.</summary>
    int? ProcessId { get; }

    /// <summary>The physical memory of that process; null while there is none.</summary>
    long? ResidentBytes { get; }

    /// <summary>How many processes of workers at this index came before this one.</summary>
    int Restarts { get; }

    /// <summary>Ends what runs: the call that is under way ends soon. Returns at once, and never throws.</summary>
    void Kill();
}
