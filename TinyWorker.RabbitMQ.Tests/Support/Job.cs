namespace TinyWorker.RabbitMQ.Tests;

/// <summary>The task that these tests send. Its result tells that it was this task which ran.</summary>
/// <param name="Number">Which it is: from 0 up, each once.</param>
/// <param name="Milliseconds">How long it takes.</param>
/// <param name="Kind">What it does besides.</param>
public sealed record Job(int Number, int Milliseconds = 0, JobKind Kind = JobKind.Plain)
{
    /// <summary>The right result.</summary>
    public long Expected => (Number * 7919L) + 1;

    /// <summary>Runs it, and writes its start and its end to the ledger of this process.</summary>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        var ledger = LedgerWriter.OfThisProcess;
        ledger.Write(RunEvent.Started, this);
        try
        {
            if (Kind == JobKind.Poison && !ledger.IsCured) Signals.Kill(Environment.ProcessId);
            var time = Kind == JobKind.Endless ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Milliseconds);
            if (time != TimeSpan.Zero) await Task.Delay(time, cancellationToken);
            if (Kind == JobKind.Faulty) throw new InvalidOperationException($"Job {Number} is faulty.");
        }
        catch (OperationCanceledException)
        {
            ledger.Write(RunEvent.Cancelled, this);
            throw;
        }

        ledger.Write(RunEvent.Ended, this);
        return Expected;
    }
}

/// <summary>What a <see cref="Job"/> does.</summary>
public enum JobKind
{
    /// <summary>Takes its time.</summary>
    Plain,

    /// <summary>Throws.</summary>
    Faulty,

    /// <summary>Runs until it is cancelled.</summary>
    Endless,

    /// <summary>Kills its process, until the ledger's folder has a file that cures it.</summary>
    Poison,
}
