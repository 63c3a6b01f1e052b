using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Streaming;

public class ProgressReporterTests
{
    private static readonly AsyncLocal<string?> Carried = new();

    [Test]
    public async Task Progress_OfAnEnumerationThatWasDropped_IsCollectedWithIt()
    {
        await using var troupe = new TinyTroupe<int, int>(x => x, new() { Workers = 2 });
        var progress = Begin(troupe);
        Within.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !progress.IsAlive;
            },
            "the progress to be collected");

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Begin(TinyTroupe<int, int> troupe)
        {
            var progress = new Contexts();
            var dropped = troupe.Map(Enumerable.Range(0, 100), new MapOptions { Progress = progress }).GetEnumerator();
            Assert.That(dropped.MoveNext(), Is.True);
            return new WeakReference(progress);
        }
    }

    [Test]
    public async Task ReportsOnTime_CarryNothingOfTheConsumersContext()
    {
        await using var troupe = new TinyTroupe<int, int>(x => x, new() { Workers = 2 });
        var progress = new Contexts();
        Carried.Value = "the consumer's";
        var source = Enumerable.Range(0, int.MaxValue).TakeWhile(_ => progress.Seen.IsEmpty);
        Within.Time(() => Assert.That(troupe.Map(source, new MapOptions { Progress = progress }), Is.Ordered), "the first report");
        Assert.That(progress.Seen.First(), Is.Null);
    }

    private sealed class Contexts : IProgress<MapProgress>
    {
        public ConcurrentQueue<string?> Seen { get; } = new();

        public void Report(MapProgress value) => Seen.Enqueue(Carried.Value);
    }
}
