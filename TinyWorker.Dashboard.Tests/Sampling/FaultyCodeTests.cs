using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using TinyWorker.Dashboard.Sampling;

namespace TinyWorker.Dashboard.Tests.Sampling;

/// <summary>Looks at troupes while code of the application that runs in them is faulty.</summary>
internal sealed class FaultyCodeTests
{
    // An exception's Message is code of the application: here it throws, once the worker that lived cannot be made again.
    [Test]
    public async Task State_AStartFailureWhoseMessageThrows_ShowsTheOtherTroupes()
    {
        var name = Troupes.Name("evil");
        await using var good = Troupes.Pool(name + " good");
        var made = 0;
        await using var bad = new TinyTroupe<int, int>(
            (WorkerInfo _) => Interlocked.Increment(ref made) == 1 ? new Same() : throw new EvilException(),
            new PoolTroupeOptions { Name = name, Workers = 1, MaxTasksPerWorker = 1 });
        await bad.Submit(1).AsTask().WaitAsync(Site.Deadline);
        await Until.TrueAsync(() => bad.Snapshot().Workers.Any(worker => worker.StartFailure is not null), "it is missing");
        EvilException.IsEvil = true;
        try
        {
            await using var site = await Site.OpenAsync(options =>
                (options.Filter, options.ShowErrorMessages) = (one => one.StartsWith(name, StringComparison.Ordinal), true));
            var state = await LookTests.StateAsync(site);
            Assert.That(state.Troupes.Select(troupe => troupe.Name), Does.Contain(name + " good"));
            await using (var viewer = await Viewer.OpenAsync(site))
                Assert.That((await viewer.TickAsync()).Troupes.Select(troupe => troupe.Name), Does.Contain(name + " good"));
        }
        finally
        {
            EvilException.IsEvil = false;
        }
    }

    // It kept the worker's loop from ever telling that the worker cannot be made.
    [Test]
    public async Task Task_MessageOfAStartFailureThrows_Faults([Values] bool hasLived)
    {
        EvilException.IsEvil = true;
        try
        {
            var made = 0;
            var bad = new TinyTroupe<int, int>(
                (WorkerInfo _) => hasLived && Interlocked.Increment(ref made) == 1 ? new Same() : throw new EvilException(),
                new PoolTroupeOptions
                {
                    Name = Troupes.Name("evil"), Workers = 1, MaxTasksPerWorker = 1, StartPatience = TimeSpan.FromSeconds(0.2),
                });
            if (hasLived) Assert.That(await bad.Submit(1).AsTask().WaitAsync(Site.Deadline), Is.EqualTo(1));
            await Assert.ThrowsAsync<WorkerStartException>(() => bad.Submit(1).AsTask().WaitAsync(Site.Deadline));
            Assert.That(bad.Explain().Text, Does.Contain("its text threw InvalidOperationException"));
            await bad.DisposeAsync().AsTask().WaitAsync(Site.Deadline);
        }
        finally
        {
            EvilException.IsEvil = false;
        }
    }

    // A user's clock may be set back.
    [Test]
    public async Task State_ClockWentBack_IsOfNow()
    {
        var clock = new BackClock { Now = 1_000_000_000_000 };
        var name = Troupes.Name("back");
        await using var troupe = Troupes.Pool(name);
        await using var site = await Site.OpenAsync(options => options.Filter = one => one == name, clock);
        Assert.That((await LookTests.StateAsync(site)).Troupes[0].Succeeded, Is.Zero);
        await troupe.Submit(1);
        clock.Now = 10;
        Assert.That((await LookTests.StateAsync(site)).Troupes[0].Succeeded, Is.EqualTo(1));
    }

    [Test]
    public async Task Watch_OfALookThatFailed_EndsWithTheOthers()
    {
        var clock = new BackClock { Now = 1_000_000, Throws = true };
        await using var troupe = Troupes.Pool(Troupes.Name("failing"));
        var settings = DashboardSettings.Of(new TinyTroupeDashboardOptions(), new HostingEnvironment());
        var looks = new Looks(settings, clock, NullLogger.Instance);
        try
        {
            looks.Look([troupe], isWatched: true, hasWords: true);
        }
        catch (InvalidOperationException)
        {
            // The look may fail; what it began must not stay.
        }

        looks.EndWatches();
        Assert.That(Troupes.IsWatched(troupe), Is.False);
        GC.KeepAlive(looks);
    }

    private sealed class BackClock : TimeProvider
    {
        public long Now { get; set; }

        public bool Throws { get; set; }

        public override long GetTimestamp() => Throws ? throw new InvalidOperationException("The clock is broken.") : Now;
    }

    private sealed class Same : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;
    }

    private sealed class EvilException : Exception
    {
        public static bool IsEvil { get; set; }

        public override string Message => IsEvil ? throw new InvalidOperationException("evil") : "good";
    }
}
