using System.Diagnostics;
using TinyWorker.Tests.Observing;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Spans, activities and logs of tasks in other processes.</summary>
internal sealed class WatchedTests : TroupeFixture
{
    [Test]
    public async Task Span_OfATaskThatKilledItsFirstWorker_HasTwoAttempts()
    {
        using var telemetry = new Telemetry();
        var loggers = new FakeLoggers();
        var ledger = Ledger();
        await using var troupe = new TinyTroupe<int, int>(
            x => Deaths.Note(ledger) < 2 ? Deaths.Die(Death.Sigkill) : x,
            new ProcessTroupeOptions { Name = "retried", Workers = 1, MaxAttempts = 2, LoggerFactory = loggers });
        Assert.That(await Result(troupe.Submit(5)), Is.EqualTo(5));
        var span = telemetry.Spans("retried").Single();
        Assert.That((span.GetTagItem("tinyworker.attempts"), span.GetTagItem("tinyworker.outcome")), Is.EqualTo((2, "succeeded")));
        Assert.That(telemetry.Read("tinyworker.worker.restarts", "retried", ("tinyworker.restart.reason", "lost")), Is.EqualTo(1));
        Assert.That(new[] { 1, 9, 12 }.Select(loggers.CountOf), Is.EqualTo([2, 1, 1]), "two were ready, one was lost, one replaced");
        await Dispose(troupe);
    }

    [Test]
    public async Task Span_OfATaskThatKilledAllItsWorkers_IsAnErrorWithAllAttempts()
    {
        using var telemetry = new Telemetry();
        await using var troupe = new TinyTroupe<int, int>(
            _ => Deaths.Die(Death.Sigkill), new ProcessTroupeOptions { Name = "killers", Workers = 1, MaxAttempts = 2 });
        await Crashed(troupe.Submit(1), Death.Sigkill, attempts: 2);
        var span = telemetry.Spans("killers").Single();
        Assert.That(
            (span.GetTagItem("tinyworker.attempts"), span.Status, span.GetTagItem("error.type")),
            Is.EqualTo((2, ActivityStatusCode.Error, "TinyWorker.WorkerCrashedException")));
        await Dispose(troupe);
    }

    [Test]
    public async Task ErrorType_OfAnExceptionThatCannotBeRebuilt_IsItsOwn()
    {
        using var telemetry = new Telemetry();
        await using var troupe = new TinyTroupe<int, int>(
            x => throw new Unusual(x, "is unusual"), new ProcessTroupeOptions { Name = "unusual", Workers = 1 });
        await Fault<RemoteWorkerException>(troupe.Submit(1));
        Assert.That(telemetry.Spans("unusual").Single().GetTagItem("error.type"), Is.EqualTo(typeof(Unusual).FullName));
        Assert.That(telemetry.Read("tinyworker.task.ended", "unusual", ("error.type", typeof(Unusual).FullName!)), Is.EqualTo(1));
        await Dispose(troupe);
    }

    [Test]
    public async Task Activity_OfATaskInItsProcess_IsAChildOfItsSpanAndASpanForWhoListensThere()
    {
        using var telemetry = new Telemetry();
        using var submitters = new Activity("the submitter's").Start();
        await using var troupe = new TinyTroupe<bool, string>(
            listen => InTheChild.Current(listen), new ProcessTroupeOptions { Name = "far", Workers = 1 });
        var unheard = await Result(troupe.Submit(false));
        var startsToListen = await Result(troupe.Submit(true));
        var heard = await Result(troupe.Submit(false));
        var spans = telemetry.Spans("far");
        Assert.That(spans, Has.Length.EqualTo(3), "the child's own troupe tells nothing");
        Assert.That(unheard, Is.EqualTo($"TinyWorker.Task of '', a child of {spans[0].SpanId} in {submitters.TraceId}"));
        Assert.That(startsToListen, Does.Contain(spans[1].SpanId.ToString()));
        Assert.That(heard, Is.EqualTo($"TinyWorker.Run of 'TinyWorker', a child of {spans[2].SpanId} in {submitters.TraceId}"));
        await Dispose(troupe);
    }

    private sealed class Unusual(int one, string two) : Exception(two + one);

    // Must not use types of the test framework.
    private static class InTheChild
    {
        private static ActivityListener? s_listener;

        public static string Current(bool listen)
        {
            var current = Activity.Current!;
            if (listen)
            {
                s_listener = new ActivityListener
                {
                    ShouldListenTo = source => source.Name == "TinyWorker", Sample = (ref _) => ActivitySamplingResult.AllData,
                };
                ActivitySource.AddActivityListener(s_listener);
            }

            return $"{current.OperationName} of '{current.Source.Name}', a child of {current.ParentSpanId} in {current.TraceId}";
        }
    }
}
