using System.Collections.Concurrent;
using System.Diagnostics;

namespace TinyWorker.Tests.Stress;

/// <summary>Accepted = succeeded + faulted + cancelled. Each task ends exactly once, whatever else is done to the troupe.</summary>
[NonParallelizable]   // its submitters keep the processors busy
internal sealed class LedgerTests
{
    private const int Few = 1_000;
    private const int Many = 15_000;

    [TestCase(1, Few)]
    [TestCase(2, Few)]
    [TestCase(16, Few)]
    [TestCase(1024, Few)]
    [TestCase(1, Many, Category = LongTests.Category)]
    [TestCase(2, Many, Category = LongTests.Category)]
    [TestCase(16, Many, Category = LongTests.Category)]
    [TestCase(1024, Many, Category = LongTests.Category)]
    public void Ledger_OfTenSubmittersWithCancelsChainsAndFaults_BalancesOnThreads(int capacity, int each) =>
        Balance(new ThreadTroupeOptions { Name = "led" + capacity, Workers = 3, Capacity = capacity }, each, asynchronous: false);

    [TestCase(1, Few)]
    [TestCase(2, Few)]
    [TestCase(16, Few)]
    [TestCase(1024, Few)]
    [TestCase(1, Many, Category = LongTests.Category)]
    [TestCase(2, Many, Category = LongTests.Category)]
    [TestCase(16, Many, Category = LongTests.Category)]
    [TestCase(1024, Many, Category = LongTests.Category)]
    public void Ledger_OfTenSubmittersWithCancelsChainsAndFaults_BalancesOnThePool(int capacity, int each) =>
        Balance(new PoolTroupeOptions { Name = "led" + capacity, Workers = 3, Capacity = capacity }, each, asynchronous: true);

    [Test]
    public void Ledger_OfATroupeAbortedUnderLoad_Balances([Values(1, 16)] int capacity) =>
        Balance(
            new ThreadTroupeOptions { Name = "abo" + capacity, Workers = 3, Capacity = capacity }, Many, asynchronous: false, abort: true);

    private static void Balance(TinyTroupeOptions options, int each, bool asynchronous, bool abort = false)
    {
        var troupe = asynchronous
            ? new TinyTroupe<int, int>(async (x, token) =>
            {
                if (x % 3 == 0) await Task.Yield();
                return Work(x);
            }, options)
            : new TinyTroupe<int, int>((x, token) => Work(x), options);
        var ledger = new ConcurrentQueue<Entry>();
        var ended = 0;
        var stop = false;

        Within.Time(
            () =>
            {
                var checking = Start(() => CheckSnapshots(troupe, ref stop));
                var submitters = Enumerable.Range(0, 10).Select(me => Start(() => Submit(me))).ToArray();
                if (abort)
                {
                    Within.Until(() => ledger.Count > 2_000, "some load");
                    troupe.Abort();
                }

                foreach (var submitter in submitters) submitter();
                troupe.Dispose();
                Volatile.Write(ref stop, true);
                checking();
            },
            "the load and the drain");

        Within.Until(() => Volatile.Read(ref ended) >= ledger.Count, "every callback");
        var snapshot = troupe.Snapshot();
        TestContext.Out.WriteLine(troupe.ToString());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ledger.Count(entry => entry.Calls != 1), Is.Zero, "tasks that did not end exactly once");
            Assert.That(snapshot.Accepted, Is.EqualTo(ledger.Count), "accepted");
            Assert.That(snapshot.Succeeded, Is.EqualTo(Count(TinyFutureStatus.Succeeded)), "succeeded");
            Assert.That(snapshot.Faulted, Is.EqualTo(Count(TinyFutureStatus.Faulted)), "faulted");
            Assert.That(snapshot.Canceled, Is.EqualTo(Count(TinyFutureStatus.Canceled)), "canceled");
            Assert.That(snapshot.Waiting + snapshot.Running, Is.Zero, "waiting or running");
            Threads.AreGone(options.Name!);
        }

        int Count(TinyFutureStatus status) => ledger.Count(entry => entry.Future.Status == status);

        void Submit(int me)
        {
            var random = new Random(me + (options.Capacity * 100));
            var clock = Stopwatch.StartNew();
            var recent = new TinyFuture<int>?[16];
            for (var i = 0; i < each && clock.ElapsedMilliseconds < 1_200; i++)
            {
                var other = recent[random.Next(recent.Length)];
                using var cancel = new CancellationTokenSource();
                try
                {
                    TinyFuture<int>? future = null;
                    switch (random.Next(8))
                    {
                        case 0:
                            troupe.TrySubmit(random.Next(1000), out future);
                            break;
                        case 1 when other is not null:
                            future = troupe.Submit(other);
                            break;
                        case 2:
                            future = troupe.Submit(random.Next(1000), cancel.Token);
                            cancel.Cancel();
                            break;
                        case 3:
                            var wait = troupe.SubmitAsync(random.Next(1000), cancel.Token).AsTask();
                            if (random.Next(2) == 0) cancel.Cancel();
                            future = TinyFuture.FromTask(wait).Result();
                            break;
                        case 4 when other is not null:
                            future = TinyFuture.FromTask(troupe.SubmitAsync(other).AsTask()).Result();
                            break;
                        case 5:
                            other?.Cancel();
                            break;
                        default:
                            future = troupe.Submit(random.Next(1000));
                            break;
                    }

                    if (future is null) continue;
                    Record(future);
                    recent[random.Next(recent.Length)] = future;
                }
                catch (OperationCanceledException)
                {
                    // A cancelled wait has submitted nothing. The count of accepted tasks shows that.
                }
                catch (ObjectDisposedException) when (abort)
                {
                    return;
                }
            }
        }

        void Record(TinyFuture<int> future)
        {
            var entry = new Entry(future);
            ledger.Enqueue(entry);
            future.OnCompleted(_ =>
            {
                Interlocked.Increment(ref entry.Calls);
                Interlocked.Increment(ref ended);
            });
        }
    }

    private static int Work(int x)
    {
        Thread.SpinWait(x % 50);
        return x % 7 == 6 ? throw new InvalidOperationException("seven") : x + 1;
    }

    private static void CheckSnapshots(TinyTroupe<int, int> troupe, ref bool stop)
    {
        long accepted = 0, ended = 0;
        while (!Volatile.Read(ref stop))
        {
            var now = troupe.Snapshot();
            var sum = now.Succeeded + now.Faulted + now.Canceled;
            if (now.Accepted != now.Waiting + now.Running + sum || now.Waiting < 0 || now.Waiting > now.Capacity
                || now.Running < 0 || now.Running > troupe.Workers || now.Accepted < accepted || sum < ended)
                throw new AssertionException($"Impossible snapshot: {now}. The one before it had {accepted} accepted and {ended} ended.");
            accepted = now.Accepted;
            ended = sum;
            Thread.Yield();
        }
    }

    /// <summary>Starts a thread. The step that is returned joins the thread and rethrows its exception.</summary>
    private static Action Start(Action step)
    {
        Exception? fault = null;
        var thread = new Thread(() =>
        {
            try
            {
                step();
            }
            catch (Exception e)
            {
                fault = e;
            }
        })
        { IsBackground = true };
        thread.Start();
        return () =>
        {
            thread.Join();
            if (fault is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
        };
    }

    private sealed class Entry(TinyFuture<int> future)
    {
        public int Calls;

        public TinyFuture<int> Future => future;
    }
}
