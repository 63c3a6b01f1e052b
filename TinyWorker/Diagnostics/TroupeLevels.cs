namespace TinyWorker.Diagnostics;

/// <summary>How many there are of each at one moment.</summary>
internal readonly record struct TroupeLevels(int Waiting, int Running, WorkerState[] Workers);
