namespace TinyWorker.Tests.Contract;

public abstract partial class BackgroundTroupeContract
{
    // Once Pause has returned, no task starts: what runs then are those that had started, one for each worker at the most.
    [Test]
    public async Task Pause_BesideSubmittersAndCancellers_StartsNothingAndLosesNothing()
    {
        const int Workers = 3;
        var started = 0;
        var ended = 0L;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref started);
                return x;
            },
            Options(new Settings { Workers = Workers, Capacity = 64 }));
        using var stop = new CancellationTokenSource();
        var accepted = 0L;
        var submitters = Enumerable.Range(0, 3).Select(number => OnAThread(() =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var options = (i % 4) switch
                {
                    0 => new SubmitOptions { Key = $"{i % 7}" },
                    1 => new SubmitOptions { Priority = i % 3 },
                    _ => default,
                };
                if (!troupe.TrySubmit(i, options, out var future))
                {
                    Thread.Yield();
                    continue;
                }

                Interlocked.Increment(ref accepted);
                future.OnCompleted(_ => Interlocked.Increment(ref ended));
                if (i % 5 == number) future.Cancel();
            }
        })).ToArray();
        for (var round = 0; round < 60; round++)
        {
            troupe.Pause();
            // A task counts as running before its code has begun.
            Within.Until(() => troupe.Snapshot().Running == 0, "what runs to end");
            var before = Volatile.Read(ref started);
            for (var spin = 0; spin < 20; spin++) Thread.Yield();
            Assert.That(Volatile.Read(ref started), Is.EqualTo(before), $"round {round}");
            troupe.Resume();
            Within.Until(() => Volatile.Read(ref started) > before, "a start");
        }

        await stop.CancelAsync();
        foreach (var submitter in submitters) await Within.Time(submitter);
        await End(troupe);
        Within.Until(() => Interlocked.Read(ref ended) == Interlocked.Read(ref accepted), "every end");
        var end = troupe.Snapshot();
        Assert.That((end.Accepted, end.Waiting, end.Running), Is.EqualTo((accepted, 0, 0)));
    }

    [Test]
    public async Task Pause_WhileATaskRuns_LetsItEnd()
    {
        using var begun = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => x == 0 ? Begin(begun, gate, x) : x, Options());
        var running = troupe.Submit(0);
        Within.Wait(begun);
        var behind = troupe.Submit(1);
        troupe.Pause();
        gate.Set();
        Assert.That(Within.Time(running), Is.Zero);
        Within.Until(() => troupe.Snapshot().Running == 0, "the end");
        Assert.That(behind.Status, Is.EqualTo(TinyFutureStatus.Pending));
        troupe.Resume();
        Assert.That(Within.Time(behind), Is.EqualTo(1));
        await End(troupe);
    }
}
