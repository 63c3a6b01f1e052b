namespace TinyWorker.Tests.Composing;

/// <summary>Two troupes in a row: results, errors, cancellation.</summary>
internal sealed class PipelineTests : ComposingFixture
{
    [Test]
    public async Task Pipeline_GivesTheResultOfBothStages([Values] Place place)
    {
        var pipeline = Troupe<int, string>((x, _) => (x + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), place)
            .Into(Troupe<string, int>((text, _) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) * 2, place));
        await Within.Time(pipeline.WhenReadyAsync());
        Assert.That(Within.Time(pipeline.Submit(1)), Is.EqualTo(4));
        Assert.That(Within.Time(pipeline.Submit(pipeline.Submit(1))), Is.EqualTo(10), "an unfinished input");
        Assert.That(await Within.Time(pipeline.CallAsync(2).AsTask()), Is.EqualTo(6));
        Assert.That(Within.Time(await pipeline.SubmitAsync(TinyFuture.FromResult(3))), Is.EqualTo(8));
        AssertCounts(pipeline, 0, 0, 5);
        Assert.That(pipeline.Name, Does.Match(@"^troupe-\d+ \| troupe-\d+$"));
    }

    [Test]
    public void Pipeline_WithoutThreads_RunsInsideSubmit()
    {
        var thread = Environment.CurrentManagedThreadId;
        using var first = new TinyTroupe<int, int>(x => x + Environment.CurrentManagedThreadId, new InlineTroupeOptions { Workers = 1 });
        using var second = new TinyTroupe<int, int>(x => x + Environment.CurrentManagedThreadId, new InlineTroupeOptions { Workers = 1 });
        var future = first.Into(second).Submit(0);
        Assert.That((future.IsCompleted, future.Result()), Is.EqualTo((true, 2 * thread)));
    }

    [Test]
    public async Task Maps_OverAPipeline_ShowTheErrorsOfEachStageAtTheirItems([Values] Place place)
    {
        var errors = Enumerable.Range(0, 20).Select(i => new FormatException($"{i}")).ToArray();
        var pipeline = Troupe<int, int>((x, _) => x % 5 == 1 ? throw errors[x] : x, place, new() { Workers = 2 })
            .Into(Troupe<int, int>((x, _) => x % 5 == 2 ? throw errors[x] : x * 10, place, new() { Workers = 2 }));
        var outcomes = new List<TinyOutcome<int, int>>(pipeline.MapOutcomes(Enumerable.Range(0, 20)));
        await foreach (var outcome in pipeline.MapOutcomesAsync(Enumerable.Range(0, 20))) outcomes.Add(outcome);
        Assert.That(outcomes.Select(outcome => outcome.Input), Is.EqualTo(Enumerable.Range(0, 20).Concat(Enumerable.Range(0, 20))));
        foreach (var outcome in outcomes)
        {
            if (outcome.Input % 5 is not (1 or 2)) Assert.That(outcome.Value, Is.EqualTo(outcome.Input * 10));
            else if (place == Place.Processes) Assert.That(outcome.Exception!.Message, Is.EqualTo($"{outcome.Input}"));
            else Assert.That(outcome.Exception, Is.SameAs(errors[outcome.Input]));
        }

        Assert.That(pipeline.Map([3, 4, 5]), Is.EqualTo([30, 40, 50]));
        Assert.That((pipeline.Snapshot().Succeeded, pipeline.Snapshot().Faulted), Is.EqualTo((27, 16)));
    }

    [Test]
    public void Cancel_WhileTheFirstStageRuns_StopsItAndNeverRunsTheSecond([Values] Place place)
    {
        var (stopped, calls) = (false, 0);
        var first = Troupe<int, int>(
            (_, token) =>
            {
                try
                {
                    return UntilCancelled<int>(token);
                }
                finally
                {
                    stopped = true;
                }
            }, place);
        var pipeline = first.Into(Troupe<int, int>((x, _) => ++calls, place));
        var future = pipeline.Submit(1);
        UntilRunning(future);
        Assert.That(future.Cancel(), Is.True);
        WaitForEnd(future);
        Assert.That((future.Status, stopped, calls), Is.EqualTo((TinyFutureStatus.Canceled, true, 0)));
        Assert.That(future.Cancel(), Is.False);
        AssertCounts(pipeline, 0, 0, 1);
    }

    [Test]
    public void Cancel_WhileTheSecondStageRuns_StopsIt([Values] Place place)
    {
        var pipeline = Troupe<int, int>((x, _) => x, place).Into(Troupe<int, int>((_, token) => UntilCancelled<int>(token), place));
        var future = pipeline.Submit(1);
        UntilRunning(future);
        Assert.That(future.Cancel(), Is.True);
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public void Cancel_WhileTheFirstStageWaits_FreesBothPlacesAtOnce()
    {
        var first = Troupe<int, int>((_, token) => UntilCancelled<int>(token));
        var second = Troupe<int, int>((x, _) => x);
        var running = first.Submit(0);
        UntilRunning(running);
        var future = first.Into(second).Submit(1);
        Assert.That((first.Snapshot().Waiting, second.Snapshot().Waiting), Is.EqualTo((1, 1)));
        Assert.That(future.Cancel(), Is.True);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That((first.Snapshot().Waiting, second.Snapshot().Waiting), Is.EqualTo((0, 0)));
        running.Cancel();
    }

    [Test]
    public void Fault_OfAFirstStageThatWasAskedToStop_IsTheFaultOfTheTask()
    {
        var thrown = new FormatException();
        var pipeline = Troupe<int, int>(
            (_, token) =>
            {
                token.WaitHandle.WaitOne(Within.Deadline);
                throw thrown;
            }).Into(Troupe<int, int>((x, _) => x));
        var future = pipeline.Submit(1);
        UntilRunning(future);
        future.Cancel();
        WaitForEnd(future);
        Assert.That(future.Exception, Is.SameAs(thrown));
    }

    [Test]
    public async Task Token_OfASubmission_CancelsBothStagesAndIsTheOneOfTheError([Values] bool early)
    {
        using var cancellation = new CancellationTokenSource();
        var pipeline = Troupe<int, int>((x, token) => early ? UntilCancelled<int>(token) : x)
            .Into(Troupe<int, int>((_, token) => UntilCancelled<int>(token)));
        var future = pipeline.Submit(1, cancellation.Token);
        UntilRunning(future);
        await cancellation.CancelAsync();
        WaitForEnd(future);
        var error = (OperationCanceledException)Caught(() => future.Result())!;
        Assert.That(error.CancellationToken, Is.EqualTo(cancellation.Token));
        Assert.That(await CaughtAsync(pipeline.SubmitAsync(1, cancellation.Token).AsTask()), Is.InstanceOf<OperationCanceledException>());
        Assert.That(pipeline.Snapshot().Accepted, Is.EqualTo(1));
    }

    [Test]
    public async Task Wait_ForThePlaceInTheSecondStage_IsCancelled_AndSoIsTheTaskOfTheFirst([Values] bool asynchronous, [Values] bool other)
    {
        using var cancellation = new CancellationTokenSource();
        var begun = 0;
        var first = Troupe<int, int>(
            (_, token) =>
            {
                Interlocked.Increment(ref begun);
                try
                {
                    return UntilCancelled<int>(token);
                }
                finally
                {
                    Interlocked.Decrement(ref begun);
                }
            });
        var second = Troupe<int, int>((_, token) => UntilCancelled<int>(token), with: new() { Workers = 1, Capacity = 1 });
        var running = second.Submit(0);
        UntilRunning(running);
        _ = second.Submit(0);
        var pipeline = other
            ? new OtherTroupe<int, int>(first).Into(new OtherTroupe<int, int>(second))
            : first.Into(second);
        var wait = asynchronous
            ? CaughtAsync(pipeline.SubmitAsync(1, cancellation.Token).AsTask())
            : Blocked(() => pipeline.Submit(1, cancellation.Token));
        Within.Until(() => Volatile.Read(ref begun) == 1, "the task of the first");
        Assert.That(wait.IsCompleted, Is.False);
        await cancellation.CancelAsync();
        var error = await Within.Time(wait);
        Assert.That((error as OperationCanceledException)?.CancellationToken, Is.EqualTo(cancellation.Token), error?.ToString());
        Assert.That(Volatile.Read(ref begun), Is.Zero, "nothing of it runs");
        Assert.That(first.Snapshot().Canceled, Is.EqualTo(1));
        Assert.That(pipeline.Snapshot().Accepted, Is.Zero);
        second.Abort();
    }

    [Test]
    public async Task Submit_WhenTheSecondTroupeIsStopped_CancelsTheTaskOfTheFirstAndThrowsTheErrorOfTheSecond()
    {
        var first = Troupe<int, int>((_, token) => UntilCancelled<int>(token));
        var second = Troupe<int, int>((x, _) => x, with: new() { Name = "gone", Workers = 1 });
        await second.DisposeAsync();
        var pipeline = first.Into(second);
        var error = Caught(() => pipeline.Submit(1));
        Assert.That((error as ObjectDisposedException)?.ObjectName, Is.EqualTo("gone"), error?.ToString());
        Assert.That(await CaughtAsync(pipeline.SubmitAsync(1).AsTask()), Is.InstanceOf<ObjectDisposedException>());
        Assert.That((first.Snapshot().Canceled, first.Snapshot().Running), Is.EqualTo((2, 0)));
        Assert.That(pipeline.Snapshot().Accepted, Is.Zero);
    }

    [Test]
    public void Abort_OfTheSecondTroupe_CancelsTheTaskOfTheFirst([Values] Place place)
    {
        var first = Troupe<int, int>((_, token) => UntilCancelled<int>(token), place);
        var second = Troupe<int, int>((x, _) => x, place, new() { Name = "aborted", Workers = 1 });
        var future = first.Into(second).Submit(1);
        UntilRunning(future);
        second.Abort();
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(Caught(() => future.Result())!.Message, Does.Contain("'aborted' was aborted"));
        Assert.That((first.Snapshot().Canceled, first.Snapshot().Running), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task Map_LeftWhileStagesRun_LeavesNothingRunning([Values] Place place, [Values] bool second, [Values] bool asynchronous)
    {
        var running = 0;
        int Work(int x, CancellationToken token)
        {
            Interlocked.Increment(ref running);
            token.WaitHandle.WaitOne(Within.Deadline);
            Interlocked.Decrement(ref running);
            return x;
        }

        var pipeline = Troupe<int, int>((x, token) => second ? x : Work(x, token), place, new() { Workers = 2 })
            .Into(Troupe<int, int>((x, token) => second ? Work(x, token) : x, place, new() { Workers = 2 }));
        await LeaveWhenSomethingRuns(pipeline, () => Volatile.Read(ref running) > 0, asynchronous);
        Assert.That(Volatile.Read(ref running), Is.Zero);
        Assert.That((pipeline.Snapshot().Waiting, pipeline.Snapshot().Running), Is.EqualTo((0, 0)));
    }

    [Test]
    public void Pipeline_OfTroupesOfAnotherLibrary_KeepsItsPromises()
    {
        var thrown = new FormatException();
        var pipeline = new OtherTroupe<int, int>(Troupe<int, int>((x, _) => x == 2 ? throw thrown : x + 1))
            .Into(new OtherTroupe<int, int>(Troupe<int, int>((x, _) => x * 2)))
            .Into(Troupe<int, int>((x, _) => -x));
        var outcomes = pipeline.MapOutcomes(Enumerable.Range(0, 4)).ToArray();
        Assert.That(outcomes.Select(outcome => outcome.Value), Is.EqualTo([-2, -4, 0, -8]));
        Assert.That(outcomes[2].Exception, Is.SameAs(thrown));
    }

    [Test]
    public void Into_Null_IsRefused()
    {
        var troupe = Troupe<int, int>((x, _) => x);
        Assert.That(() => troupe.Into<int, int, int>(null!), Throws.ArgumentNullException);
        Assert.That(() => ((ITinyTroupe<int, int>)null!).Into(troupe), Throws.ArgumentNullException);
        Assert.That(() => troupe.Into(troupe).Submit((TinyFuture<int>)null!), Throws.ArgumentNullException);
    }
}
