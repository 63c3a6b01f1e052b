using System.Runtime.CompilerServices;

namespace TinyWorker.Dashboard.Tests.Sampling;

/// <summary>A dashboard that nobody looks at does nothing, and what was looked at is let go.</summary>
internal sealed class NobodyLooksTests
{
    [Test]
    public async Task Dashboard_NobodyLooks_NeitherTakesTimeNorWatches()
    {
        var clock = new CountingClock();
        await using var troupe = Troupes.Pool(Troupes.Name("unseen"));
        await using var site = await Site.OpenAsync(clock: clock);
        using (await site.GetAsync("/troupes/")) await troupe.CallAsync(1).AsTask().WaitAsync(Site.Deadline);
        Assert.Multiple(() =>
        {
            Assert.That(clock.Uses, Is.Zero, () => clock.FirstUse!);
            Assert.That(Troupes.IsWatched(troupe), Is.False);
        });
    }

    [Test]
    public async Task Dashboard_LastViewerHasLeft_EndsItsTimersAndWatches()
    {
        var clock = new CountingClock();
        await using var troupe = Troupes.Pool(Troupes.Name("seen"));
        await using var site = await Site.OpenAsync(clock: clock);
        var one = await Viewer.OpenAsync(site);
        var other = await Viewer.OpenAsync(site);
        await one.TickAsync();
        Assert.That(Troupes.IsWatched(troupe), Is.True);
        Assert.That(clock.LivingTimers, Is.EqualTo(3), "the looks, and the lifetimes of two streams");
        await one.DisposeAsync();
        await Until.TrueAsync(() => clock.LivingTimers == 2, "one stream has ended");
        Assert.That(Troupes.IsWatched(troupe), Is.True);
        await other.DisposeAsync();
        await Until.TrueAsync(() => clock.LivingTimers == 0 && !Troupes.IsWatched(troupe), "all has ended");
        var uses = clock.Uses;
        clock.Advance(60);
        Assert.That(clock.Uses, Is.EqualTo(uses));
    }

    [Test]
    public async Task State_WithoutAStream_LooksOnceAndWatchesNothing()
    {
        var clock = new CountingClock();
        await using var troupe = Troupes.Pool(Troupes.Name("looked at"));
        await using var site = await Site.OpenAsync(clock: clock);
        for (var i = 0; i < 3; i++)
        {
            using var response = await site.GetAsync("/troupes/state");
            clock.Advance(1);
        }

        Assert.Multiple(() =>
        {
            Assert.That(clock.LivingTimers, Is.Zero);
            Assert.That(Troupes.IsWatched(troupe), Is.False);
        });
    }

    [Test]
    public async Task Troupe_DroppedWhileSomebodyLooks_IsCollected()
    {
        var clock = new CountingClock();
        await using var site = await Site.OpenAsync(clock: clock);
        await using var viewer = await Viewer.OpenAsync(site);
        var (name, dropped) = Drop();
        await viewer.TickAsync();
        await Until.TrueAsync(
            async () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                clock.Advance(1);
                var isShown = (await viewer.TickAsync()).Troupes.Any(troupe => troupe.Name == name);
                return !isShown && !dropped.TryGetTarget(out _);
            },
            "the troupe is gone");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (string Name, WeakReference<object> Troupe) Drop()
    {
        var name = Troupes.Name("dropped");
        return (name, new WeakReference<object>(Troupes.Pool(name)));
    }
}
