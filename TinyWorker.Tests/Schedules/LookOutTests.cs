namespace TinyWorker.Tests.Schedules;

/// <summary>
/// An await that looks out for the end before it suspends. Under a scheduler no other thread runs between two points of the core: a future
/// that has not ended before <c>IsCompleted</c> and has afterwards has ended while the await looked out.
/// </summary>
[NonParallelizable]   // the processors: an exploration uses all of them
internal sealed class LookOutTests
{
    private const int Schedules = 300;

    private int _inPlace;     // awaits that went on in place because they had looked out
    private int _suspended;   // awaits that did not

    [SetUp]
    public void SetUp() => _inPlace = _suspended = 0;

    [Test]
    public void Await_OfATrivialTaskOfAThreadTroupe_GoesOnInPlaceOrSuspends()
    {
        Explore(onPool: false, run => Await(run.Troupe(), context: null));

        Assert.That(_inPlace, Is.Positive);
        Assert.That(_suspended, Is.Positive);
    }

    [Test]
    public void Await_BehindOtherTasks_DoesNotLookOut()
    {
        Explore(onPool: false, run =>
        {
            var troupe = run.Troupe();
            troupe.Submit(LedgerTroupe.Hung);
            troupe.Submit(1);
            Await(troupe, context: null);
            troupe.Release();
        });

        Assert.That(_inPlace, Is.Zero);
    }

    [Test]
    public void Await_OfAPoolTroupe_DoesNotLookOut()
    {
        Explore(onPool: true, run => Await(run.Troupe(), context: null));

        Assert.That(_inPlace, Is.Zero);
    }

    [Test]
    public void Await_InASynchronizationContext_DoesNotLookOut()
    {
        Explore(onPool: false, run => Await(run.Troupe(), new SynchronizationContext()));

        Assert.That(_inPlace, Is.Zero);
    }

    private static void Explore(bool onPool, Action<ProgramRun> program) =>
        Assert.That(new Exploration(program, onPool).Run(1, Schedules)?.Failure, Is.Null);

    private void Await(LedgerTroupe troupe, SynchronizationContext? context)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            var future = troupe.Submit(1)!;
            if (future.IsCompleted) return;
            var awaiter = future.GetAwaiter();
            if (awaiter.IsCompleted)
            {
                Interlocked.Increment(ref _inPlace);
                Assert.That(awaiter.GetResult(), Is.EqualTo(2));
                return;
            }

            Interlocked.Increment(ref _suspended);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }
}
