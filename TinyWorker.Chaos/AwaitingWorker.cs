namespace TinyWorker.Chaos;

/// <summary>A worker that awaits.</summary>
internal sealed class AwaitingWorker(WorkerPlan plan, int place) : TinyAsyncWorker<Payload, Payload>, IAsyncDisposable
{
    private WorkerCore? _core;

    public override async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        _core = new WorkerCore(plan, place);
    }

    public override async ValueTask<Payload> CallAsync(Payload input, CancellationToken cancellationToken)
    {
        if (input.Id % 3 == 0) await Task.Yield();
        try
        {
            switch (_core!.Begin(input))
            {
                case Behaviour.RunUntilCancelled:
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    break;
                case Behaviour.Hang:
                    await WorkerCore.HungReleased;
                    break;
            }

            return _core.Finish(input);
        }
        finally
        {
            _core!.End(input);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.Yield();
        _core?.Dispose();
    }
}
