using TinyWorker.Streaming;

namespace TinyWorker.Queueing;

/// <summary>The ticket of a map whose reader may have something better to do than to sleep for it: it sets the map's signal.</summary>
internal sealed class SignallingTicket(AdmissionGate gate, IAdmissible item, Signal signal) : AdmissionTicket(gate, item)
{
    private object? _end;   // an End, once it has ended

    public End? Outcome => (End?)Volatile.Read(ref _end);

    protected override void OnEnded(End end)
    {
        Volatile.Write(ref _end, end);
        signal.Set();
    }
}
