using System.Diagnostics;
using System.Diagnostics.Metrics;
using TinyWorker.Tests.Observing;

namespace TinyWorker.Tests.Contract;

// What listeners of the library's meter and of its activity source receive.
public abstract partial class TroupeContract
{
    private static int s_watched;

    /// <summary>A name that no troupe of another test has.</summary>
    protected static string WatchedName() => "watched " + Interlocked.Increment(ref s_watched);

    [Test]
    [NonParallelizable]
    public async Task Span_OfATask_IsAChildOfTheSubmittersAndTheParentOfWhatTheTaskStarts()
    {
        using var telemetry = new Telemetry();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, (ActivitySpanId, ActivityTraceId)>(
            _ =>
            {
                using var own = new Activity("the task's").Start();
                return (own.ParentSpanId, own.TraceId);
            },
            Options(new Settings { Name = name }));
        using var submitters = new Activity("the submitter's").Start();
        var (parentId, traceId) = Within.Time(troupe.Submit(1));
        var span = telemetry.Spans(name).Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(span.ParentSpanId, Is.EqualTo(submitters.SpanId));
            Assert.That(span.DisplayName, Is.EqualTo("task " + name));
            Assert.That(Tags(span), Is.EqualTo("0 1 succeeded "));
            Assert.That(span.Status, Is.EqualTo(ActivityStatusCode.Unset));
            Assert.That(span.Events.Select(e => e.Name), Is.EqualTo(["started"]));
            Assert.That(traceId, Is.EqualTo(submitters.TraceId));
            Assert.That(Activity.Current, Is.SameAs(submitters), "the activity of the submitter stays current");
        }

        await End(troupe);   // in a worker process there is one more span between the two, which ends after the task
        Assert.That(Ancestors(telemetry, parentId), Does.Contain(span), "the activity that the task starts is below the span of the task");
    }

    [Test]
    [NonParallelizable]
    public async Task Span_OfATaskThatFaults_HasTheErrorInTheFormOfOpenTelemetry()
    {
        using var telemetry = new Telemetry();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(_ => throw new FormatException("not a number"), Options(new Settings { Name = name }));
        var dependent = troupe.Submit(troupe.Submit(1));
        WaitForEnd(dependent);
        var spans = telemetry.Spans(name);
        Assert.That(spans, Has.Length.EqualTo(2));
        using (Assert.EnterMultipleScope())
        {
            foreach (var span in spans)
            {
                Assert.That((span.Status, span.StatusDescription), Is.EqualTo((ActivityStatusCode.Error, "not a number")));
                var error = span.Events.Single(e => e.Name == "exception").Tags.ToDictionary();
                Assert.That(error["exception.type"], Is.EqualTo(typeof(FormatException).FullName));
                Assert.That(error["exception.message"], Is.EqualTo("not a number"));
            }

            string[] tags = ["  faulted System.FormatException", "0 1 faulted System.FormatException"];
            Assert.That(spans.Select(Tags).Order(), Is.EqualTo(tags), "the dependent never started");
        }

        await End(troupe);
        var ended = telemetry.Read(
            "tinyworker.task.ended", name, ("tinyworker.outcome", "faulted"), ("error.type", "System.FormatException"));
        Assert.That(ended, Is.EqualTo(2));
        Assert.That(telemetry.Read("tinyworker.task.run.duration", name, ("error.type", "System.FormatException")), Is.EqualTo(1));
    }

    [Test]
    [NonParallelizable]
    public async Task Span_OfAFaultWhoseTextsThrow_EndsWithItsTask()
    {
        using var telemetry = new Telemetry();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(_ => throw new FaultWithoutTexts(), Options(new Settings { Name = name }));
        var future = troupe.Submit(1);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.Not.Null, "which is looked at: NUnit itself asks an unobserved one for its message");
        Assert.That(telemetry.Spans(name).Single().Status, Is.EqualTo(ActivityStatusCode.Error));
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Spans_OfAChainThroughTwoTroupes_AreChildrenOfTheSubmittersActivity()
    {
        using var telemetry = new Telemetry();
        var (first, second) = (WatchedName(), WatchedName());
        var squares = new TinyTroupe<int, int>(x => x * x, Options(new Settings { Name = first }));
        var halves = new TinyTroupe<int, int>(x => x / 2, Options(new Settings { Name = second }));
        var input = new TinyFutureSource<int>();
        TinyFuture<int> end;
        ActivityContext submitters;
        using (var activity = new Activity("the submitter's").Start())
        {
            submitters = activity.Context;
            end = halves.Submit(squares.Submit(input.Future));
        }

        using (new Activity("the completer's").Start()) input.TrySetResult(4);
        Assert.That(Within.Time(end), Is.EqualTo(8));
        Activity[] spans = [telemetry.Spans(first).Single(), telemetry.Spans(second).Single()];
        Assert.That(spans.Select(span => (span.TraceId, span.ParentSpanId)), Is.All.EqualTo((submitters.TraceId, submitters.SpanId)));
        Assert.That(spans.Select(Tags), Is.All.EqualTo("0 1 succeeded "));
        await End(halves);
        await End(squares);
    }

    [TestCaseSource(typeof(NonParallelCases), nameof(NonParallelCases.Booleans))]
    public async Task Span_OfATaskWhoseSubmittersActivityHasEnded_IsItsChildAndLeavesItCurrent(bool isFlowSuppressed)
    {
        using var telemetry = new Telemetry();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Name = name }));
        var ended = new Activity("the submitter's").Start();
        await Task.Run(ended.Stop);   // on another thread, so that it stays current on this one
        if (isFlowSuppressed) ExecutionContext.SuppressFlow();
        var future = troupe.Submit(1);
        var (isStillSuppressed, current) = (ExecutionContext.IsFlowSuppressed(), Activity.Current);
        if (isStillSuppressed) ExecutionContext.RestoreFlow();
        Within.Time(future);
        Assert.That((isStillSuppressed, current), Is.EqualTo((isFlowSuppressed, ended)));
        Assert.That(telemetry.Spans(name).Single().ParentSpanId, Is.EqualTo(ended.SpanId));
        Activity.Current = null;
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Spans_OfAMap_AreOnePerItem()
    {
        using var telemetry = new Telemetry();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Name = name, Workers = 2 }));
        using var submitters = new Activity("the map's").Start();
        Within.Time(() => Assert.That(troupe.Map(Enumerable.Range(0, 50)).Sum(), Is.EqualTo(1225)));
        await End(troupe);
        Assert.That(telemetry.Spans(name).Select(span => span.ParentSpanId), Is.All.EqualTo(submitters.SpanId));
        Assert.That(telemetry.Spans(name), Has.Length.EqualTo(50));
        Assert.That(telemetry.Read("tinyworker.task.ended", name), Is.EqualTo(50), "counted after the disposal, too");
    }

    [Test]
    [NonParallelizable]
    public async Task Span_OfATaskThatNobodySamples_IsNotMadeAndTheSubmittersActivityFlows()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "TinyWorker",
            Sample = (ref _) => ActivitySamplingResult.None,
        };
        ActivitySource.AddActivityListener(listener);
        using var activity = new Activity("the submitter's").Start();
        var troupe = new TinyTroupe<int, Activity?>(_ => Activity.Current, Options());
        Assert.That(Within.Time(troupe.Submit(1)), IsThat(activity));
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Clock_WhileNobodyListens_IsNotRead()
    {
        var clock = new CountingClock();
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Clock = clock }));
        Within.Time(troupe.Submit(1));
        var before = clock.Reads;
        for (var i = 0; i < 100; i++) Within.Time(troupe.Submit(i));
        var unwatched = clock.Reads - before;
        using (new Telemetry())
        {
            for (var i = 0; i < 100; i++) Within.Time(troupe.Submit(i));
        }

        Assert.That((unwatched, clock.Reads - before), Is.EqualTo((0, 300)), "one read for its acceptance, its start and its end");
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Listener_ThatThrows_IsLoggedAndHarmsNoTask()
    {
        var loggers = new FakeLoggers();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Name = name, Loggers = loggers }));
        using var spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "TinyWorker",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStarted = _ => throw new InvalidOperationException("at the start"),
            ActivityStopped = _ => throw new InvalidOperationException("at the stop"),
        };
        ActivitySource.AddActivityListener(spans);
        using var meter = new MeterListener();
        meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "TinyWorker") listener.EnableMeasurementEvents(instrument);
        };
        meter.SetMeasurementEventCallback<long>((_, _, _, _) => throw new InvalidOperationException("counted"));
        meter.SetMeasurementEventCallback<double>((_, _, _, _) => throw new InvalidOperationException("measured"));
        meter.Start();
        Assert.That(Within.Time(troupe.Submit(troupe.Submit(1))), Is.EqualTo(3));
        using (new Activity("own").Start())   // goes to where the worker is
        {
            Assert.That(Within.Time(troupe.Submit(5)), Is.EqualTo(6));
            Assert.That(Within.Time(troupe.Submit(6)), Is.EqualTo(7));
        }

        meter.Dispose();
        await End(troupe);
        Assert.That(
            loggers.Exceptions.Select(e => e.Message).Distinct(),
            Does.Contain("counted").And.Contain("measured").And.Contain("at the start"));
    }

    private static string Tags(Activity span)
    {
        string[] names = ["tinyworker.worker.index", "tinyworker.attempts", "tinyworker.outcome", "error.type"];
        return string.Join(' ', names.Select(span.GetTagItem));
    }

    private static IEnumerable<Activity> Ancestors(Telemetry telemetry, ActivitySpanId id)
    {
        for (var span = Find(id); span is not null; span = Find(span.ParentSpanId)) yield return span;
        Activity? Find(ActivitySpanId wanted) => telemetry.AllSpans.SingleOrDefault(span => span.SpanId == wanted);
    }

    private sealed class CountingClock : TimeProvider
    {
        private int _reads;

        public int Reads => Volatile.Read(ref _reads);

        public override long GetTimestamp()
        {
            Interlocked.Increment(ref _reads);
            return base.GetTimestamp();
        }
    }

    private sealed class FaultWithoutTexts : Exception
    {
        public override string Message => throw new FormatException();

        public override string ToString() => throw new FormatException();
    }
}
