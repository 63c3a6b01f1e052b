namespace TinyWorker.Chaos;

/// <summary>A task in the ledger.</summary>
/// <param name="stage">Its troupe.</param>
/// <param name="id">The number of its payload.</param>
/// <param name="input">What it waits for; null if its input is a value.</param>
/// <param name="siblings">How many tasks have this payload in this troupe.</param>
/// <param name="isForEach">Whether it is one of those for every worker.</param>
internal sealed class Entry(Stage stage, int id, Entry? input, int siblings = 1, bool isForEach = false)
{
    private int _ends;

    public Stage Stage => stage;

    public int Id => id;

    /// <summary>The task whose result is the input of this task; null if the input was a value.</summary>
    public Entry? Input => input;

    public int Siblings => siblings;

    public bool IsForEach => isForEach;

    /// <summary>The number of its key; -1 for none.</summary>
    public int Key => isForEach ? -1 : stage.Plan.KeyOf(id);

    /// <summary>Set before the task is submitted: it may end with a timeout before it has begun.</summary>
    public bool HasDeadline { get; set; }

    /// <summary>The value that the result must have, if the task succeeds.</summary>
    public long Value { get; } = Plan.Transformed(input?.Value ?? id, stage.Number);

    /// <summary>Set once, when the task was accepted.</summary>
    public TinyFuture<Payload> Future { get; private set; } = null!;

    /// <summary>Set before anybody cancels the task.</summary>
    public bool MayBeCancelled { get; set; }

    /// <summary>How often the callback of the future was called.</summary>
    public int Ends => Volatile.Read(ref _ends);

    public void Accepted(TinyFuture<Payload> future)
    {
        Future = future;
        future.OnCompleted(_ => Interlocked.Increment(ref _ends));
    }

    /// <summary>Waits until the task has ended. The audit judges the outcome.</summary>
    public async Task EndAsync()
    {
        try
        {
            _ = await Future;
        }
        catch (Exception) when (Future.IsCompleted)
        {
        }
    }

    public bool Cancel()
    {
        MayBeCancelled = true;
        return Future.Cancel();
    }
}
