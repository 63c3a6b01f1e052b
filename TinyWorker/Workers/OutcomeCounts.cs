using System.Runtime.InteropServices;

namespace TinyWorker.Workers;

/// <summary>
/// How the tasks at one index ended. Written by the one loop that lives at the index (a loop that was abandoned writes no more), read by
/// anybody. Alone on its cache lines: otherwise the workers would slow each other down by counting.
/// </summary>
internal sealed class OutcomeCounts
{
    private Counts _counts;

    public long Succeeded => Volatile.Read(ref _counts.Succeeded);

    public long Faulted => Volatile.Read(ref _counts.Faulted);

    public long Canceled => Volatile.Read(ref _counts.Canceled);

    public void CountSuccess() => Volatile.Write(ref _counts.Succeeded, _counts.Succeeded + 1);

    public void CountFault() => Volatile.Write(ref _counts.Faulted, _counts.Faulted + 1);

    public void CountCancellation() => Volatile.Write(ref _counts.Canceled, _counts.Canceled + 1);

    [StructLayout(LayoutKind.Explicit, Size = 152)]
    private struct Counts
    {
        [FieldOffset(64)]
        public long Succeeded;

        [FieldOffset(72)]
        public long Faulted;

        [FieldOffset(80)]
        public long Canceled;
    }
}
