namespace TinyWorker;

/// <summary>What one worker of a troupe is doing.</summary>
/// <param name="Index">Which of the workers, from 0.</param>
/// <param name="State">What it does.</param>
/// <param name="TasksDone">Tasks that the workers at this index have ended.</param>
/// <param name="Restarts">How many workers at this index came before this one.</param>
/// <param name="ProcessId">The process in which it runs; null if it is in this one, or not there at the moment.</param>
/// <param name="ResidentMemory">The physical memory of that process, in bytes; null likewise.</param>
public sealed record WorkerSnapshot(int Index, WorkerState State, long TasksDone, int Restarts, int? ProcessId = null, long? ResidentMemory = null);
