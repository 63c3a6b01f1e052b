using Microsoft.Extensions.Time.Testing;

namespace TinyWorker.Tests.Contract;

// User code that hangs outside of a task: an abort waits for each phase of a worker only as long as the grace.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Abort_OfAWorkerThatHangsIn_EndsAfterTheGraceAndCountsIt(
        [Values("its start", "its disposal", "its disposal for a replacement")] string phase, [Values("Abort", "StopAsync")] string how)
    {
        using var hung = new ManualResetEventSlim();
        using var inside = new ManualResetEventSlim();
        using var patience = new CancellationTokenSource();
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var clock = new FakeTimeProvider();
        var settings = new Settings { MaxTasksPerWorker = phase == "its disposal for a replacement" ? 1 : null, Clock = clock };
        var troupe = new TinyTroupe<int, int>(
            _ => phase == "its start"
                ? new AwaitingWorker(() => { }, Start, () => default)
                : new FunctionWorker(
                    x => x,
                    () =>
                    {
                        inside.Set();
                        Pass(hung, 0);
                    }),
            Options(settings));
        if (phase != "its start") Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        var ending = Task.CompletedTask;
        if (phase == "its disposal") ending = troupe.StopAsync(patience.Token);
        Within.Wait(inside, phase);
        var waiting = phase == "its disposal" ? null : troupe.Submit(2);
        if (phase != "its disposal") ending = troupe.StopAsync(patience.Token);
        Assert.That(ending.IsCompleted, Is.False);

        if (how == "Abort") troupe.Abort();
        else await patience.CancelAsync();
        clock.Advance(TimeSpan.FromSeconds(1));

        await Within.Time(ending, "the end");
        await End(troupe);
        AssertLostOneWorker(troupe.Snapshot(), isReplaced: false);
        if (waiting is not null) Assert.That(waiting.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        hung.Set();
        never.SetResult();

        async ValueTask Start()
        {
            inside.Set();
            await never.Task;
        }
    }
}
