using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Time.Testing;
using TinyWorker.Tests.Observing;

namespace TinyWorker.Tests.Contract;

// What the meter and the activity source report about tasks that wait and about tasks that are stopped.
public abstract partial class BackgroundTroupeContract
{
    private static readonly string[] Outcomes = ["succeeded", "faulted", "canceled"];

    [Test]
    [NonParallelizable]
    public async Task Watching_ATaskCancelledBeforeItsStart_ShowsThatItNeverStarted()
    {
        using var telemetry = new Telemetry();
        using var gate = new ManualResetEventSlim();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(x => Pass(gate, x), Options(new Settings { Name = name }));
        var running = troupe.Submit(0);
        Within.Until(() => running.Status == TinyFutureStatus.Running, "the first to start");
        Assert.That(troupe.Submit(1).Cancel(), Is.True);
        var span = telemetry.Spans(name).Single();
        Assert.That(
            span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"),
            Is.EquivalentTo([$"tinyworker.troupe={name}", "tinyworker.outcome=canceled"]));
        Assert.That(span.Status, Is.EqualTo(System.Diagnostics.ActivityStatusCode.Unset), "a cancellation is no error");
        gate.Set();
        await End(troupe);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(telemetry.Read("tinyworker.task.accepted", name), Is.EqualTo(2));
            Assert.That(telemetry.Read("tinyworker.task.ended", name, ("tinyworker.outcome", "canceled")), Is.EqualTo(1));
            Assert.That(telemetry.Read("tinyworker.task.wait.duration", name), Is.EqualTo(1), "only of the task that started");
            Assert.That(telemetry.Read("tinyworker.task.run.duration", name), Is.EqualTo(1));
        }
    }

    [Test]
    [NonParallelizable]
    public async Task Watching_ATaskThatPassedItsTimeout_ShowsATimeout()
    {
        using var telemetry = new Telemetry();
        var name = WatchedName();
        var settings = new Settings { Name = name, TaskTimeout = TimeSpan.FromMilliseconds(50) };
        var troupe = new TinyTroupe<int, int>((_, token) => UntilCancelled(token), Options(settings));
        WaitForEnd(troupe.Submit(0));
        var span = telemetry.Spans(name).Single();
        var tags = (span.GetTagItem("tinyworker.outcome"), span.GetTagItem("error.type"));
        Assert.That(tags, Is.EqualTo(("faulted", "System.TimeoutException")));
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Durations_OfATask_AreItsWaitForAWorkerAndItsRun()
    {
        using var telemetry = new Telemetry();
        using var gate = new ManualResetEventSlim();
        var clock = new FakeTimeProvider();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(x => x == 1 ? Pass(gate, x) : x, Options(new Settings { Name = name, Clock = clock }));
        var input = new TinyFutureSource<int>();
        var chained = troupe.Submit(input.Future);
        clock.Advance(TimeSpan.FromSeconds(100));   // waiting for the input is not waiting for a worker
        var first = troupe.Submit(1);
        Within.Until(() => first.Status == TinyFutureStatus.Running, "the first to start");
        input.TrySetResult(2);
        clock.Advance(TimeSpan.FromSeconds(3));
        gate.Set();
        Within.Time(chained);
        await End(troupe);
        foreach (var duration in new[] { "tinyworker.task.wait.duration", "tinyworker.task.run.duration" })
            Assert.That((telemetry.Read(duration, name), telemetry.ReadSeconds(duration, name)), Is.EqualTo((2.0, 3.0)), duration);
    }

    [Test]
    [NonParallelizable]
    public async Task Levels_ReadByALateListener_EqualTheSnapshotAndEndWithTheTroupe()
    {
        using var gate = new ManualResetEventSlim();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(x => Pass(gate, x), Options(new Settings { Name = name, Workers = 2 }));
        await Within.Time(troupe.WhenReadyAsync());
        for (var i = 0; i < 5; i++) _ = troupe.Submit(i);
        Within.Until(() => troupe.Snapshot() is { Running: 2, Waiting: 3 }, "both workers to be busy");
        using (var telemetry = new Telemetry())
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(telemetry.Read("tinyworker.task.waiting", name), Is.EqualTo(3));
                Assert.That(telemetry.Read("tinyworker.task.running", name), Is.EqualTo(2));
                Assert.That(telemetry.Read("tinyworker.worker.count", name, ("tinyworker.worker.state", "busy")), Is.EqualTo(2));
                Assert.That(telemetry.Read("tinyworker.worker.count", name), Is.EqualTo(2));
            }

            gate.Set();
            Within.Until(() => troupe.Snapshot().Succeeded == 5, "the end of all");
            Assert.That(telemetry.Read("tinyworker.task.waiting", name), Is.Zero);
            Assert.That(telemetry.Read("tinyworker.task.ended", name), Is.Null, "tasks submitted without a listener are not counted");
        }

        await End(troupe);
        using (var telemetry = new Telemetry()) Assert.That(telemetry.Read("tinyworker.worker.count", name), Is.Null, "the end");
    }

    [Test]
    [NonParallelizable]
    public async Task Levels_OfTwoTroupesWithOneName_AreAddedUp()
    {
        using var telemetry = new Telemetry();
        using var gate = new ManualResetEventSlim();
        var name = WatchedName();
        TinyTroupe<int, int>[] troupes = [Make(), Make()];
        foreach (var troupe in troupes) _ = troupe.Submit(1);
        Within.Until(() => troupes.All(troupe => troupe.Snapshot().Running == 1), "both to start");
        Assert.That(telemetry.Read("tinyworker.task.running", name), Is.EqualTo(2));
        Assert.That(telemetry.Read("tinyworker.worker.count", name), Is.EqualTo(4));
        gate.Set();
        foreach (var troupe in troupes) await End(troupe);

        TinyTroupe<int, int> Make() => new(x => Pass(gate, x), Options(new Settings { Name = name, Workers = 2 }));
    }

    [Test]
    [NonParallelizable]
    public async Task Restarts_OfRecycledWorkers_AreCountedAndLogged()
    {
        using var telemetry = new Telemetry();
        var loggers = new FakeLoggers();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Name = name, MaxTasksPerWorker = 1, Loggers = loggers }));
        for (var i = 0; i < 3; i++) Within.Time(troupe.Submit(i));
        Within.Until(() => loggers.CountOf(12) == 3 && loggers.CountOf(1) == 4, "the last replacement");
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(3));
        await End(troupe);
        Assert.That(telemetry.Read("tinyworker.worker.restarts", name, ("tinyworker.restart.reason", "recycled")), Is.EqualTo(3));
        Assert.That(loggers.EventIds.Distinct().Order(), Is.EqualTo([1, 12]));
    }

    /// <summary>The log events when a worker is abandoned, and the reason that the meter reports for its replacement.</summary>
    protected virtual (int[] Events, string Reason) AbandonedWorker => ([3], "abandoned");

    [Test]
    [NonParallelizable]
    public async Task Log_OfATaskThatPassedItsTimeoutAndDidNotStop_HasEachStepOnce()
    {
        using var telemetry = new Telemetry();
        using var gate = new ManualResetEventSlim();
        var loggers = new FakeLoggers();
        var name = WatchedName();
        var time = TimeSpan.FromMilliseconds(20);
        var settings = new Settings { Name = name, Loggers = loggers, TaskTimeout = time, Grace = time };
        var troupe = new TinyTroupe<int, int>(x => Pass(gate, x), Options(settings));
        WaitForEnd(troupe.Submit(1));
        Within.Until(() => loggers.CountOf(1) == 2, "the new worker to be ready");
        gate.Set();
        await End(troupe);
        Assert.That(loggers.EventIds.Order(), Is.EqualTo(AbandonedWorker.Events.Concat([1, 1, 5, 12, 30]).Order()));
        var restarts = telemetry.Read("tinyworker.worker.restarts", name, ("tinyworker.restart.reason", AbandonedWorker.Reason));
        Assert.That(restarts, Is.EqualTo(1));
    }

    [Test]
    [NonParallelizable]
    public async Task Log_OfACallbackThatThrows_HasItOnce()
    {
        var loggers = new FakeLoggers();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Loggers = loggers }));
        troupe.Submit(1).OnCompleted(_ => throw new FormatException("in the callback"));
        Within.Until(() => loggers.CountOf(6) > 0, "the message");
        await End(troupe);
        Assert.That(loggers.EventIds.Order(), Is.EqualTo([1, 6]));
    }

    [Test]
    [NonParallelizable]
    public async Task Watching_TasksThatWereNotAccepted_ShowsNothing()
    {
        var begun = 0;
        using var listener = new System.Diagnostics.ActivityListener
        {
            ShouldListenTo = source => source.Name == "TinyWorker",
            Sample = (ref _) => System.Diagnostics.ActivitySamplingResult.AllData,
            ActivityStarted = span => Interlocked.Add(ref begun, span.OperationName == "TinyWorker.Task" ? 1 : 0),
        };
        System.Diagnostics.ActivitySource.AddActivityListener(listener);
        using var telemetry = new Telemetry();
        using var gate = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(x => Pass(gate, x), Options(new Settings { Name = name, Capacity = 1 }));
        var running = troupe.Submit(0);
        Within.Until(() => running.Status == TinyFutureStatus.Running, "the first to start");
        _ = troupe.Submit(1);
        Assert.That(troupe.TrySubmit(2, out _), Is.False);
        var queued = troupe.SubmitAsync(3, cancellation.Token).AsTask();
        var admitted = troupe.SubmitAsync(4).AsTask();
        await cancellation.CancelAsync();
        Assert.That(async () => await Within.Time(queued), Throws.InstanceOf<OperationCanceledException>());
        gate.Set();
        Within.Time(await Within.Time(admitted));
        await End(troupe);
        Assert.That((begun, telemetry.Spans(name).Length, telemetry.Read("tinyworker.task.accepted", name)), Is.EqualTo((3, 3, 3.0)));
    }

    [Test]
    [NonParallelizable]
    public async Task Watching_UnderLoad_AgreesWithTheLedgerAndNoLevelIsEverNegative()
    {
        using var telemetry = new Telemetry();
        var name = WatchedName();
        var settings = new Settings { Name = name, Workers = 3, Capacity = 16 };
        var troupe = new TinyTroupe<int, int>(x => x % 7 == 6 ? throw new InvalidOperationException("seven") : x + 1, Options(settings));
        Load(troupe, telemetry);
        var now = troupe.Snapshot();
        await End(troupe);
        var spans = telemetry.Spans(name);
        var started = spans.Count(span => span.GetTagItem("tinyworker.worker.index") is not null);
        long[] ledger = [now.Succeeded, now.Faulted, now.Canceled];
        using (Assert.EnterMultipleScope())
        {
            Assert.That((now.Waiting, now.Running), Is.EqualTo((0, 0)));
            Assert.That(ledger, Is.All.GreaterThan(0), "tasks end in every way");
            Assert.That(telemetry.Read("tinyworker.task.accepted", name), Is.EqualTo(now.Accepted));
            Assert.That(Outcomes.Select(Ended), Is.EqualTo(ledger));
            Assert.That(Outcomes.Select(SpansWith), Is.EqualTo(ledger));
            Assert.That(spans.Select(span => span.SpanId).Distinct().Count(), Is.EqualTo(now.Accepted), "each once");
            Assert.That(telemetry.Read("tinyworker.task.run.duration", name), Is.EqualTo(started));
            Assert.That(telemetry.Read("tinyworker.task.wait.duration", name), Is.EqualTo(started));
        }

        double? Ended(string outcome) => telemetry.Read("tinyworker.task.ended", name, ("tinyworker.outcome", outcome));

        long SpansWith(string outcome) => spans.LongCount(span => outcome.Equals(span.GetTagItem("tinyworker.outcome")));
    }

    [Test]
    [NonParallelizable]
    public async Task Watching_BegunAndEndedUnderLoad_LosesNoTaskAndNoLevelIsEverNegative()
    {
        var name = WatchedName();
        var settings = new Settings { Name = name, Workers = 3, Capacity = 16 };
        var troupe = new TinyTroupe<int, int>(x => x % 7 == 6 ? throw new InvalidOperationException("seven") : x + 1, Options(settings));
        using var listens = new ManualResetEventSlim();
        var stop = false;
        double accepted = 0, ended = 0;
        var comingAndGoing = Blocked(() =>
        {
            do
            {
                using var telemetry = new Telemetry();
                listens.Set();
                Within.Until(() => telemetry.Spans(name).Length > 20 || Volatile.Read(ref stop), "some spans");
                ended += telemetry.Read("tinyworker.task.ended", name) ?? 0;
                accepted += telemetry.Read("tinyworker.task.accepted", name) ?? 0;
            }
            while (!Volatile.Read(ref stop));
        });
        Within.Wait(listens);
        Load(troupe, telemetry: null);
        var now = troupe.Snapshot();
        Volatile.Write(ref stop, true);
        await Within.Time(comingAndGoing);
        await End(troupe);
        Assert.That(now.Accepted, Is.EqualTo(now.Succeeded + now.Faulted + now.Canceled));
        // A task between two listeners may be counted by none of them. No task is counted by both.
        Assert.That(new[] { accepted, ended }, Is.All.GreaterThan(0).And.All.LessThanOrEqualTo(now.Accepted));
    }

    /// <summary>Submits, cancels and chains tasks on four threads, while another thread reads the levels.</summary>
    private static void Load(TinyTroupe<int, int> troupe, Telemetry? telemetry)
    {
        var futures = new ConcurrentQueue<TinyFuture<int>>();
        var negative = new ConcurrentQueue<string>();
        using var levels = new MeterListener();
        levels.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "TinyWorker", IsObservable: true }) listener.EnableMeasurementEvents(instrument);
        };
        levels.SetMeasurementEventCallback<int>((instrument, value, _, _) =>
        {
            if (value < 0 || (instrument.Name == "tinyworker.task.running" && value > 3)) negative.Enqueue($"{instrument.Name}: {value}");
        });
        levels.Start();
        var submitters = Enumerable.Range(0, 4).Select(me => Blocked(() =>
        {
            var random = new Random(me);
            TinyFuture<int>? last = null;
            for (var i = 0; i < 250; i++)
            {
                last = last is not null && random.Next(4) == 0 ? troupe.Submit(last) : troupe.Submit(random.Next(1000));
                if (random.Next(4) == 0) last.Cancel();
                futures.Enqueue(last);
            }
        })).ToArray();
        Within.Until(
            () =>
            {
                levels.RecordObservableInstruments();
                telemetry?.Read("tinyworker.task.waiting", troupe.Name);
                return Array.TrueForAll(submitters, static submitter => submitter.IsCompleted)
                    && futures.All(static future => future.IsCompleted);
            },
            "the end of all tasks");
        Assert.That(futures, Has.Count.EqualTo(1000));
        Assert.That(negative, Is.Empty);
    }
}
