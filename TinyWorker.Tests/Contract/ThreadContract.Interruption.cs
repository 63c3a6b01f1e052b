namespace TinyWorker.Tests.Contract;

public sealed partial class ThreadContract
{
    [Test]
    public async Task Worker_InterruptedWhileItRests_RestsOn()
    {
        var troupe = new TinyTroupe<int, Thread>(_ => Thread.CurrentThread, Options());
        var thread = Within.Time(troupe.Submit(0));
        for (var i = 0; i < 20; i++)
        {
            Within.Until(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "the worker to rest");
            thread.Interrupt();
            Assert.That(Within.Time(troupe.Submit(0)), Is.SameAs(thread));
        }

        await End(troupe);
    }

    // Their tasks wait for nothing: so each interruption meets the library itself, in its locks too.
    [Test]
    public async Task Workers_InterruptedAllTheTime_LoseNothing()
    {
        const int each = 20_000;
        var threads = new Thread?[5];
        var first = new TinyTroupe<int, int>(info => Worker(info.Index), Options(new Settings { Workers = 3, Capacity = 8 }));
        var second = new TinyTroupe<int, int>(info => Worker(3 + info.Index), Options(new Settings { Workers = 2, Capacity = 1000 }));
        var over = false;
        var interrupting = Task.Factory.StartNew(
            () =>
            {
                while (!Volatile.Read(ref over))
                {
                    foreach (var thread in threads) thread?.Interrupt();
                    Thread.SpinWait(200);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var submitters = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
            () =>
            {
                var sum = 0L;
                for (var i = 0; i < each; i++)
                {
                    var future = second.Submit(first.Submit(1));
                    if (i % 16 == 0) sum += future.Result();
                }

                return sum;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();

        foreach (var submitter in submitters) Assert.That(await Within.Time(submitter), Is.EqualTo(each / 16));
        await End(first);
        await End(second);
        Volatile.Write(ref over, true);
        await Within.Time(interrupting);

        Assert.That(first.Snapshot(), Has.Property("Succeeded").EqualTo(3 * each).And.Property("Faulted").Zero);
        Assert.That(second.Snapshot(), Has.Property("Succeeded").EqualTo(3 * each).And.Property("Faulted").Zero);

        FunctionWorker Worker(int place)
        {
            threads[place] = Thread.CurrentThread;
            return new FunctionWorker(x => x);
        }
    }

    [Test]
    public async Task Submitters_InterruptedAllTheTime_LoseNothingAndAreToldTheTruth()
    {
        const int each = 3_000;
        var ran = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref ran);
                return x;
            },
            Options(new Settings { Workers = 2, Capacity = 2 }));
        var accepted = 0;
        var refused = 0;
        var over = 0;
        var submitters = Enumerable.Range(0, 4).Select(number => new Thread(() =>
        {
            for (var i = 0; i < each; i++)
            {
                try
                {
                    _ = troupe.Submit(1);
                    Interlocked.Increment(ref accepted);
                }
                catch (ThreadInterruptedException)
                {
                    Interlocked.Increment(ref refused);
                }
            }

            Interlocked.Increment(ref over);
        }) { IsBackground = true }).ToArray();
        foreach (var submitter in submitters) submitter.Start();
        Within.Time(() =>
        {
            while (Volatile.Read(ref over) < submitters.Length)
            {
                foreach (var submitter in submitters) submitter.Interrupt();
                Thread.SpinWait(500);
            }
        });
        await End(troupe);

        Assert.That(refused, Is.Positive, "the test interrupts waits");
        Assert.That(accepted + refused, Is.EqualTo(4 * each));
        Assert.That(ran, Is.EqualTo(accepted));
        Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(accepted));
    }
}
