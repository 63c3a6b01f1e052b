using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;

namespace TinyWorker.Tests.Composing;

/// <summary>A pipeline as a troupe: its counts, its end, and its own workers.</summary>
internal sealed class PipelineLifeTests : ComposingFixture
{
    private TinyFuture<object>? _kept;

    [Test]
    public void Snapshot_FollowsATaskThroughBothStages()
    {
        using var gate = new SemaphoreSlim(0);
        var first = Troupe<int, int>((x, _) => Passed(gate, x));
        var second = Troupe<int, int>((x, _) => Passed(gate, x), with: new() { Workers = 1, Capacity = 7 });
        var pipeline = first.Into(second);
        var futures = new[] { pipeline.Submit(1), pipeline.Submit(2) };
        UntilRunning(futures[0]);
        AssertCounts(pipeline, waiting: 1, running: 1, ended: 0);
        gate.Release();
        Within.Until(() => second.Snapshot().Running == 1 && first.Snapshot().Running == 1, "one task in each stage");
        AssertCounts(pipeline, 0, 2, 0);
        gate.Release();
        Within.Until(() => pipeline.Snapshot() is { Succeeded: 1 } or { Running: 1 }, "one stage to end");
        gate.Release(2);
        foreach (var future in futures) WaitForEnd(future);
        AssertCounts(pipeline, 0, 0, 2);
        var now = pipeline.Snapshot();
        Assert.That((now.Capacity, now.Workers, now.Succeeded), Is.EqualTo((7, Array.Empty<WorkerSnapshot>(), 2)));

        static int Passed(SemaphoreSlim gate, int x) => gate.Wait(Within.Deadline) ? x : throw new TimeoutException();
    }

    [Test]
    public void Snapshot_OfATaskBetweenTheStages_CountsItAsWaiting()
    {
        var first = Troupe<int, int>((x, _) => x);
        var second = Troupe<int, int>((x, token) => x == 0 ? UntilCancelled<int>(token) : x);
        var running = second.Submit(0);
        UntilRunning(running);
        var pipeline = first.Into(second);
        var future = pipeline.Submit(1);
        Within.Until(() => first.Snapshot().Succeeded == 1, "the first stage");
        AssertCounts(pipeline, 1, 0, 0);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Pending));
        running.Cancel();
        Assert.That(Within.Time(future), Is.EqualTo(1));
    }

    [Test]
    public async Task Stop_WaitsForItsOwnTasksAloneAndRefusesNewOnes([Values] Place place)
    {
        using var gate = new ManualResetEventSlim();
        var first = Troupe<int, int>(
            (x, token) =>
            {
                if (x == 0) return UntilCancelled<int>(token);
                gate.Wait(Within.Deadline, token);
                return x;
            }, place, new() { Workers = 2 });
        var pipeline = first.Into(Troupe<int, int>((x, _) => x, place));
        var notOurs = first.Submit(0);
        var ours = pipeline.Submit(1);
        UntilRunning(ours);
        var stop = pipeline.StopAsync(CancellationToken.None);
        var error = Caught(() => pipeline.Submit(2));
        Assert.That((error as ObjectDisposedException)?.ObjectName, Is.EqualTo(pipeline.Name));
        Assert.That(await CaughtAsync(pipeline.SubmitAsync(2).AsTask()), Is.InstanceOf<ObjectDisposedException>());
        Assert.That(stop.IsCompleted, Is.False);
        gate.Set();
        await Within.Time(stop);
        Assert.That((ours.Status, notOurs.IsCompleted), Is.EqualTo((TinyFutureStatus.Succeeded, false)));
        Assert.That(pipeline.Snapshot().Condition, Is.EqualTo(TroupeCondition.Stopped));
        Assert.That(Within.Time(first.Submit(3)), Is.EqualTo(3), "the stages go on");
        await Within.Time(pipeline.DisposeAsync().AsTask());
        notOurs.Cancel();
    }

    [Test]
    public async Task Stop_RefusesASubmitterThatWaitsForThePlaceInTheSecond([Values] bool asynchronous)
    {
        var first = Troupe<int, int>((_, token) => UntilCancelled<int>(token));
        var second = Troupe<int, int>((_, token) => UntilCancelled<int>(token), with: new() { Workers = 1, Capacity = 1 });
        UntilRunning(second.Submit(0));
        _ = second.Submit(0);
        var pipeline = first.Into(second);
        var wait = asynchronous ? CaughtAsync(pipeline.SubmitAsync(1).AsTask()) : Blocked(() => pipeline.Submit(1));
        Within.Until(() => first.Snapshot().Running == 1, "the task of the first");
        var stop = pipeline.StopAsync(CancellationToken.None);
        Assert.That((await Within.Time(wait) as ObjectDisposedException)?.ObjectName, Is.EqualTo(pipeline.Name));
        await Within.Time(stop);
        Assert.That((first.Snapshot().Running, first.Snapshot().Canceled), Is.EqualTo((0, 1)));
        second.Abort();
    }

    [Test]
    public async Task Stop_WhoseTokenFires_Aborts([Values] Place place)
    {
        using var cancellation = new CancellationTokenSource();
        var first = Troupe<int, int>((_, token) => UntilCancelled<int>(token), place);
        var pipeline = first.Into(Troupe<int, int>((x, _) => x, place));
        var (ours, notOurs) = (pipeline.Submit(1), first.Submit(1));
        UntilRunning(ours);
        var stop = pipeline.StopAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Within.Time(stop);
        Assert.That(ours.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        UntilRunning(notOurs);
        notOurs.Cancel();
    }

    [Test]
    public async Task Abort_CancelsItsOwnTasksAlone()
    {
        var first = Troupe<int, int>((_, token) => UntilCancelled<int>(token), with: new() { Workers = 2 });
        var pipeline = first.Into(Troupe<int, int>((x, _) => x));
        var notOurs = first.Submit(1);
        var futures = Enumerable.Range(0, 10).Select(i => pipeline.Submit(i)).ToArray();
        pipeline.Abort();
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(futures.Select(future => future.Status), Is.All.EqualTo(TinyFutureStatus.Canceled));
        await Within.Time(pipeline.DisposeAsync().AsTask());
        Assert.That(notOurs.IsCompleted, Is.False);
        AssertCounts(pipeline, 0, 0, 10);
        notOurs.Cancel();
    }

    [Test]
    public void Submit_InsideAWorkerOfAStage_PassesBothBounds([Values(Place.Threads, Place.Pool)] Place place, [Values] bool inSecond)
    {
        ITinyTroupe<int, int>? pipeline = null;
        List<TinyFuture<int>> made = [];
        int Work(int x)
        {
            if (x == 0)
                for (var i = 1; i <= 20; i++) made.Add(pipeline!.Submit(i));
            return x;
        }

        var one = new TinyTroupeOptions { Workers = 1, Capacity = 1 };
        pipeline = Troupe<int, int>((x, _) => inSecond ? x : Work(x), place, one)
            .Into(Troupe<int, int>((x, _) => inSecond ? Work(x) : x, place, one));
        Assert.That(Within.Time(pipeline.Submit(0)), Is.Zero);
        Assert.That(made.Select(Within.Time), Is.EqualTo(Enumerable.Range(1, 20)));
    }

    [Test]
    public void Wait_InsideAWorkerOfAStage_IsRefused([Values(Place.Threads, Place.Pool)] Place place, [Values] bool inSecond)
    {
        ITinyTroupe<int, int>? pipeline = null;
        List<Exception?> errors = [];
        int Work(int x)
        {
            if (x != 0) return x;
            errors.Add(Caught(() => pipeline!.Submit(1).Result()));
            errors.Add(Caught(() => _ = pipeline!.Map([1]).ToList()));
            errors.Add(Caught(() => pipeline!.StopAsync(CancellationToken.None).GetAwaiter().GetResult()));
            return x;
        }

        pipeline = Troupe<int, int>((x, _) => inSecond ? x : Work(x), place)
            .Into(Troupe<int, int>((x, _) => inSecond ? Work(x) : x, place));
        Assert.That(Within.Time(pipeline.Submit(0)), Is.Zero);
        Assert.That(errors, Has.Count.EqualTo(3).And.All.InstanceOf<InvalidOperationException>());
        Assert.That(errors, Has.None.InstanceOf<ObjectDisposedException>());
        Assert.That(Within.Time(pipeline.Submit(2)), Is.EqualTo(2), "it was not stopped");
    }

    [Test]
    public void Explain_TellsOfBothStages()
    {
        var pipeline = Troupe<int, int>((x, _) => x, with: new() { Name = "reading", Workers = 1 })
            .Into(Troupe<int, int>((x, _) => x, with: new() { Name = "parsing", Workers = 1 }));
        Within.Time(pipeline.Submit(1));
        var explanation = pipeline.Explain();
        Assert.That(
            explanation.Text,
            Does.StartWith("'reading | parsing' has 0 tasks waiting and 0 running").And.Contain("'reading' is idle")
                .And.Contain("'parsing' is idle"));
        Assert.That(explanation.ToString(), Does.Contain("tasks of 'reading | parsing': 1 accepted").And.Contain("  tasks: 1 accepted"));
        Assert.That((explanation.Condition, explanation.Ended), Is.EqualTo((TroupeCondition.Idle, 1)));
        Within.Time(pipeline.Submit(1));
        Assert.That(pipeline.Explain(explanation).Ended, Is.EqualTo(1));
        var other = Troupe<int, int>((x, _) => x).Explain();
        Assert.That(() => pipeline.Explain(other), Throws.ArgumentException);
    }

    [Test]
    public async Task Fault_AtWhichNobodyHasLooked_IsLoggedOnceWithTheNameOfThePipeline()
    {
        using var loggers = new FakeLoggers();
        var first = Troupe<int, int>((_, _) => throw new FormatException("lost"), with: new() { Workers = 1, LoggerFactory = loggers });
        var second = Troupe<int, int>((x, _) => x, with: new() { Name = "second", Workers = 1, LoggerFactory = loggers });
        var pipeline = first.Into(second);
        var future = pipeline.Submit(1);
        WaitForEnd(future);
        await first.DisposeAsync();
        await second.DisposeAsync();
        var told = loggers.Records.Where(record => record.Id.Id == Log.FaultUnobservedId).ToArray();
        Assert.That(told, Has.Length.EqualTo(1));
        Assert.That(told[0].Message, Does.StartWith(pipeline.Name));
        GC.KeepAlive(future);
    }

    [Test]
    public void EndedTask_KeepsNothingAliveButItsResult_AndADroppedPipelineIsCollected()
    {
        var first = Troupe<object, object>((x, _) => new object());
        var second = Troupe<object, object>((x, _) => "done");
        var (input, pipeline) = Run();
        Within.Until(
            () =>
            {
                GC.Collect();
                return !input.IsAlive;
            },
            "the input to be collected");
        Check();
        Within.Until(
            () =>
            {
                GC.Collect();
                return !pipeline.IsAlive;
            },
            "the pipeline to be collected");

        [MethodImpl(MethodImplOptions.NoInlining)]
        (WeakReference, WeakReference) Run()
        {
            var pipeline = first.Into(second);
            var input = new object();
            _kept = pipeline.Submit(input);
            WaitForEnd(_kept);
            return (new WeakReference(input), new WeakReference(pipeline));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Check()
        {
            Assert.That(_kept!.Result(), Is.EqualTo("done"));
            _kept = null;
        }
    }
}
