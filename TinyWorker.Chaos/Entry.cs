namespace TinyWorker.Chaos;

/// <summary>A task in the ledger.</summary>
internal sealed class Entry(Stage stage, int journey, Entry? input)
{
    private int _ends;

    public Stage Stage => stage;

    public int Journey => journey;

    /// <summary>The task whose result is this one's input; null where the input was there.</summary>
    public Entry? Input => input;

    /// <summary>What its result's value must be, if it has one.</summary>
    public long Value { get; } = Plan.Passed(input?.Value ?? journey, stage.Number);

    /// <summary>Set once, when it was accepted.</summary>
    public TinyFuture<Parcel> Future { get; private set; } = null!;

    /// <summary>Set before somebody cancels it.</summary>
    public bool MayBeCancelled { get; set; }

    /// <summary>How often its callback was called.</summary>
    public int Ends => Volatile.Read(ref _ends);

    public void Accepted(TinyFuture<Parcel> future)
    {
        Future = future;
        future.OnCompleted(_ => Interlocked.Increment(ref _ends));
    }

    /// <summary>Waits for its end. What came of it is the audit's to judge.</summary>
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
