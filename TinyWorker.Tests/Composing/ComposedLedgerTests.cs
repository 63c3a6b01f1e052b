using System.Collections.Concurrent;

namespace TinyWorker.Tests.Composing;

/// <summary>Under load, accepted = ended, each task exactly once, and snapshots add up; whatever else is done to the troupe.</summary>
[NonParallelizable]   // its submitters keep the processors busy
internal sealed class ComposedLedgerTests : ComposingFixture
{
    private const int Submitters = 6;

    [Test]
    public void Ledger_OfAPipeline_Balances([Values] Place place, [Values(1, 64)] int capacity, [Values] bool abort)
    {
        var options = new TinyTroupeOptions { Workers = 2, Capacity = capacity };
        var pipeline = Troupe<int, int>(Work, place, options).Into(Troupe<int, int>(Work, place, options));
        Balance(pipeline, abort);
    }

    [Test]
    public void Ledger_OfBatches_Balances([Values] Place place, [Values(1, 64)] int capacity, [Values] bool isolate, [Values] bool abort)
    {
        var inner = Troupe<int[], int[]>((items, token) => Array.ConvertAll(items, x => Work(x, token)), place, new() { Workers = 2 });
        Balance(inner.Batched(new() { MaxSize = 8, Capacity = capacity, IsolateFaults = isolate }), abort);
    }

    [Test]
    public void Ledger_OfDelayedBatchesOfAPipeline_Balances([Values] bool other)
    {
        var first = Troupe<int[], int[]>((items, token) => Array.ConvertAll(items, x => Work(x, token)));
        var second = Troupe<int[], int[]>((items, _) => items);
        var pipeline = other ? new OtherTroupe<int[], int[]>(first).Into(second) : first.Into(second);
        var options = new BatchOptions { MaxSize = 8, Capacity = 16, MaxDelay = TimeSpan.FromMilliseconds(1), IsolateFaults = true };
        Balance(pipeline.Batched(options), abort: false);
    }

    private static int Work(int x, CancellationToken token) => x % 13 == 0 ? throw new FormatException($"{x}") : x;

    private static void Balance(ITinyTroupe<int, int> troupe, bool abort, int each = 400)
    {
        var ledger = new ConcurrentQueue<(int Input, TinyFuture<int> Future)>();
        var ended = 0;
        var stop = false;
        Within.Time(
            () =>
            {
                var checking = Start(() => CheckSnapshots(troupe, ref stop));
                var submitters = Enumerable.Range(0, Submitters).Select(me => Start(() => Submit(me))).ToArray();
                if (abort)
                {
                    Within.Until(() => ledger.Count > 200, "some load");
                    troupe.Abort();
                }

                foreach (var submitter in submitters) submitter();
                Assert.That(troupe.DisposeAsync().AsTask().Wait(Within.Deadline), "the drain: " + troupe);
                Volatile.Write(ref stop, true);
                checking();
            },
            "the load and the drain");

        Within.Until(() => Volatile.Read(ref ended) >= ledger.Count, "every callback");
        var now = troupe.Snapshot();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ended, Is.EqualTo(ledger.Count), "each ends once");
            Assert.That((now.Accepted, now.Waiting, now.Running), Is.EqualTo(((long)ledger.Count, 0, 0)));
            Assert.That(now.Succeeded, Is.EqualTo(Count(TinyFutureStatus.Succeeded)));
            Assert.That(now.Faulted, Is.EqualTo(Count(TinyFutureStatus.Faulted)));
            Assert.That(now.Canceled, Is.EqualTo(Count(TinyFutureStatus.Canceled)));
            Assert.That(ledger.Where(entry => entry.Future.Status == TinyFutureStatus.Succeeded && entry.Input >= 0)
                .All(entry => entry.Future.Result() == entry.Input), "each has its own result");
        }

        int Count(TinyFutureStatus status) => ledger.Count(entry => entry.Future.Status == status);

        void Submit(int me)
        {
            var random = new Random(me);
            TinyFuture<int>? last = null;
            for (var i = 0; i < each; i++)
            {
                var number = (me * each) + i;
                using var cancellation = new CancellationTokenSource();
                try
                {
                    var future = random.Next(6) switch
                    {
                        0 when last is not null => Add(-1, troupe.Submit(last)),
                        1 => Add(number, troupe.SubmitAsync(number).AsTask().GetAwaiter().GetResult()),
                        2 => Add(number, troupe.Submit(number, cancellation.Token)),
                        _ => Add(number, troupe.Submit(number)),
                    };
                    if (random.Next(8) == 0) future.Cancel();
                    if (random.Next(8) == 0) future.CancelWithoutGrace();
                    if (random.Next(8) == 0) cancellation.Cancel();
                    if (random.Next(16) == 0) Within.Until(() => future.IsCompleted, "a task");
                    last = future;
                }
                catch (ObjectDisposedException) when (abort)
                {
                    return;
                }
            }
        }

        TinyFuture<int> Add(int input, TinyFuture<int> future)
        {
            ledger.Enqueue((input, future));
            future.OnCompleted(_ => Interlocked.Increment(ref ended));
            return future;
        }
    }

    private static void CheckSnapshots(ITroupe troupe, ref bool stop)
    {
        while (!Volatile.Read(ref stop))
        {
            var now = troupe.Snapshot();
            Assert.That(now.Accepted, Is.EqualTo(now.Waiting + now.Running + now.Succeeded + now.Faulted + now.Canceled), now.ToString());
            Assert.That(now.Waiting, Is.GreaterThanOrEqualTo(0), now.ToString());
            Thread.Yield();
        }
    }

    private static Action Start(Action step)
    {
        Exception? fault = null;
        var thread = new Thread(() => fault = Caught(step)) { IsBackground = true };
        thread.Start();
        return () =>
        {
            Assert.That(thread.Join(Within.Deadline), "a thread to end");
            if (fault is not null) throw new AssertionException(fault.ToString());
        };
    }
}
