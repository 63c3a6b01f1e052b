namespace TinyWorker;

/// <summary>Tells a worker factory which worker it makes: by its index, each can be given other arguments.</summary>
/// <param name="Troupe">The troupe's name.</param>
/// <param name="Index">Which of the workers, from 0.</param>
/// <param name="Count">How many workers the troupe may have, at the time at which this one is made.</param>
/// <param name="Restarts">How many workers at this index came before this one.</param>
public sealed record WorkerInfo(string Troupe, int Index, int Count, int Restarts)
{
    /// <summary>What its thread or process is called, and the log calls it.</summary>
    internal string WorkerName => $"{Troupe} #{Index}";
}
