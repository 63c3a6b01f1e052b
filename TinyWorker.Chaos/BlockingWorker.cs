namespace TinyWorker.Chaos;

/// <summary>A worker that blocks its thread.</summary>
internal sealed class BlockingWorker(WorkerPlan plan, int place) : TinyWorker<Payload, Payload>, IDisposable
{
    private readonly WorkerCore _core = new(plan, place);

    public override Payload Call(Payload input, CancellationToken cancellationToken)
    {
        try
        {
            switch (_core.Begin(input))
            {
                case Behaviour.RunUntilCancelled:
                    cancellationToken.WaitHandle.WaitOne();
                    throw new OperationCanceledException(cancellationToken);
                case Behaviour.Hang:
                    WorkerCore.HungReleased.Wait(CancellationToken.None);
                    break;
            }

            return _core.Finish(input);
        }
        finally
        {
            _core.End(input);
        }
    }

    public void Dispose() => _core.Dispose();
}
