using Nito.AsyncEx;

namespace TinyWorker.Tests.Contract;

// A program whose code runs on one thread, like a program with windows. The AsyncContext of Nito.AsyncEx provides this thread.
public abstract partial class TroupeContract
{
    [Test]
    public void Await_OnASingleThreadedContext_ContinuesOnItsThread() => OnOneThread(async () =>
    {
        var own = Environment.CurrentManagedThreadId;
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options());
        await troupe.WhenReadyAsync();
        AssertIsOwn("the wait for the workers");

        Assert.That(await troupe.Submit(1), Is.EqualTo(2));
        AssertIsOwn("the await of a future");
        Assert.That(await await troupe.SubmitAsync(troupe.Submit(1)), Is.EqualTo(3));
        AssertIsOwn("the await of a chain");

        var sum = 0;
        await foreach (var value in troupe.MapAsync(Enumerable.Range(0, 50)))
        {
            sum += value;
            AssertIsOwn("an item of a map");
        }

        Assert.That(sum, Is.EqualTo(1275));
        await troupe.DisposeAsync();
        AssertIsOwn("the disposal");

        void AssertIsOwn(string what) => Assert.That(Environment.CurrentManagedThreadId, Is.EqualTo(own), what);
    });

    [Test]
    public void Blocking_OnASingleThreadedContext_DoesNotDeadlock() => OnOneThread(async () =>
    {
        await Task.Yield();
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options());
        Assert.That(troupe.Submit(troupe.Submit(1)).Result(), Is.EqualTo(3));
        Assert.That(troupe.Map(Enumerable.Range(0, 50)).Sum(), Is.EqualTo(1275));
        troupe.Dispose();
    });

    [Test]
    public async Task Call_ThatRunsASingleThreadedContextOfItsOwn_EndsOnTheWorker()
    {
        var troupe = new TinyTroupe<int, int>(
            x => AsyncContext.Run(async () =>
            {
                await Task.Yield();
                return x + 1;
            }),
            Options());
        Assert.That(Within.Time(SubmitElsewhere(troupe, 1)), Is.EqualTo(2));
        Assert.That(Within.Time(SubmitElsewhere(troupe, 2)), Is.EqualTo(3));
        await End(troupe);
    }

    private static void OnOneThread(Func<Task> program) => Within.Time(() => AsyncContext.Run(program), "the program of one thread");
}
