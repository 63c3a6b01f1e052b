namespace TinyWorker.Chaos;

/// <summary>A worker that blocks its thread.</summary>
internal sealed class BlockingClerk(DeskPlan plan) : TinyWorker<Parcel, Parcel>, IDisposable
{
    private readonly Desk _desk = new(plan);

    public override Parcel Call(Parcel input, CancellationToken cancellationToken)
    {
        switch (_desk.Begin(input))
        {
            case Deed.Obey:
                cancellationToken.WaitHandle.WaitOne();
                throw new OperationCanceledException(cancellationToken);
            case Deed.Hang:
                Desk.End.Wait(CancellationToken.None);
                break;
        }

        return _desk.Pass(input);
    }

    public void Dispose() => _desk.Dispose();
}
