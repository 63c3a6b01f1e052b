namespace TinyWorker.Chaos;

/// <summary>A worker that awaits.</summary>
internal sealed class AwaitingClerk(DeskPlan plan) : TinyAsyncWorker<Parcel, Parcel>, IAsyncDisposable
{
    private Desk? _desk;

    public override async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        _desk = new Desk(plan);
    }

    public override async ValueTask<Parcel> CallAsync(Parcel input, CancellationToken cancellationToken)
    {
        if (input.Journey % 3 == 0) await Task.Yield();
        switch (_desk!.Begin(input))
        {
            case Deed.Obey:
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
            case Deed.Hang:
                await Desk.End;
                break;
        }

        return _desk.Pass(input);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.Yield();
        _desk?.Dispose();
    }
}
