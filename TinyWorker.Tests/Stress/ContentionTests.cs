namespace TinyWorker.Tests.Stress;

/// <summary>
/// The situation of dotnet/runtime#131141: bounded channels under CPU contention throw NullReferenceException or never wake a reader.
/// </summary>
[NonParallelizable]   // it keeps the processors busy
internal sealed class ContentionTests
{
    private const int Troupes = 24;
    private const int SubmittersEach = 10;

    [TestCase(1)]
    [TestCase(5, Category = LongTests.Category)]
    public async Task Troupes_WithPacedSubmittersWhileAllCoresAreBusy_LoseNothing_Runtime131141(int seconds)
    {
        using var end = new CancellationTokenSource();
        var burners = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (!end.IsCancellationRequested) Thread.SpinWait(1_000);
        })
        { IsBackground = true, Name = "burner" }).ToArray();
        var troupes = Enumerable.Range(0, Troupes).Select(Make).ToArray();
        Within.Until(() => Array.TrueForAll(troupes, troupe => troupe.WhenReadyAsync().IsCompletedSuccessfully), "all workers");
        foreach (var burner in burners) burner.Start();
        var accepted = new long[Troupes];

        var submitters = Enumerable.Range(0, Troupes * SubmittersEach).Select(i => Task.Run(() => Submit(i % Troupes))).ToArray();
        end.CancelAfter(TimeSpan.FromSeconds(seconds));
        await Within.Time(Task.WhenAll(submitters), "the submitters");
        foreach (var burner in burners) burner.Join();
        foreach (var troupe in troupes) await Within.Time(troupe.DisposeAsync().AsTask(), troupe.ToString());

        TestContext.Out.WriteLine($"{accepted.Sum()} tasks");
        Assert.That(troupes.Select(troupe => troupe.Snapshot().Succeeded), Is.EqualTo(accepted));
        Assert.That(accepted, Is.All.GreaterThan(0));
        Threads.AreGone("contend");

        async Task Submit(int t)
        {
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
            for (var i = 0; !end.IsCancellationRequested; i++)
            {
                var future = await troupes[t].SubmitAsync(i);
                Interlocked.Increment(ref accepted[t]);
                if (i % 4 == 0) Assert.That(await future, Is.EqualTo(i + 1));
                await pace.WaitForNextTickAsync(CancellationToken.None);
            }
        }
    }

    [Test]
    public void Threads_OfManyTroupes_AreGoneWhenDisposed()
    {
        Threads.AreGone("gone");
        for (var round = 0; round < 20; round++)
        {
            var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Name = "gone" + round, Workers = 4 });
            Within.Time(TinyFuture.WhenAll(Enumerable.Range(0, 100).Select(i => troupe.Submit(i))));
            Assert.That(OperatingSystem.IsLinux() ? Threads.Of("gone") : ["gone"], Is.Not.Empty);
            Within.Time(troupe.Dispose, "the end of a troupe");
            Threads.AreGone("gone");
        }
    }

    private static TinyTroupe<int, int> Make(int i)
    {
        return i % 2 == 0
            ? new TinyTroupe<int, int>(x => x + 1, new ThreadTroupeOptions { Name = "contend" + i, Workers = 1, Capacity = 100 })
            : new TinyTroupe<int, int>(x => x + 1, new PoolTroupeOptions { Name = "contend" + i, Workers = 1, Capacity = 100 });
    }
}
