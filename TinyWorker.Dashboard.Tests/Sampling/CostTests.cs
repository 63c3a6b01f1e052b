using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using TinyWorker.Dashboard.Sampling;
using TinyWorker.Dashboard.Streaming;

namespace TinyWorker.Dashboard.Tests.Sampling;

/// <summary>What looking costs. The bars are far above what is measured, so that a loaded machine holds them.</summary>
[NonParallelizable]
internal sealed class CostTests
{
    // The best of several rounds: what else runs on the machine makes none faster.
    private const int Rounds = 20;

    [Test]
    public async Task Look_AtAThousandWorkers_TakesThirtyMillisecondsASecondAtTheMost([Values(1, 50)] int troupes)
    {
        var prefix = Troupes.Name("cost");
        var made = Enumerable.Range(0, troupes).Select(i => Troupes.Pool($"{prefix} {i}", 1000 / troupes)).ToList();
        foreach (var troupe in made) await troupe.WhenReadyAsync().WaitAsync(Site.Deadline);
        var settings = new DashboardSettings(
            "cost", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), 32, 200, false, false,
            name => name.StartsWith(prefix, StringComparison.Ordinal));
        var looks = new Looks(settings, TimeProvider.System, NullLogger.Instance);
        var writer = new EventWriter(settings);
        var (fast, slow) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (var i = 0; i < Rounds; i++)
        {
            var hasWords = i % 2 == 0;
            var since = Stopwatch.GetTimestamp();
            var bytes = writer.Write(looks.Look(looks.Living(), isWatched: true, hasWords), false).Sum(part => part.Length);
            var took = Stopwatch.GetElapsedTime(since);
            if (hasWords) slow = took < slow ? took : slow;
            else fast = took < fast ? took : fast;
            Assert.That(bytes, Is.GreaterThan(1000));
        }

        looks.EndWatches();
        foreach (var troupe in made) await troupe.DisposeAsync();
        TestContext.Out.WriteLine(
            $"{troupes} troupes of {1000 / troupes} workers: {fast.TotalMilliseconds:N2} ms, with words {slow.TotalMilliseconds:N2} ms");
        Assert.That(((4 * fast) + slow).TotalMilliseconds / 5, Is.LessThan(30));
    }

    // A tick is what a viewer gets in a second. What reads it is in the same process, and counts too.
    [Test]
    public async Task Viewer_Another_TakesAMillisecondOfAProcessorASecondAtTheMost()
    {
        const int Ticks = 50;
        var prefix = Troupes.Name("viewed");
        var made = Enumerable.Range(0, 40).Select(i => Troupes.Pool($"{prefix} {i}", 25)).ToList();
        var clock = new CountingClock();
        await using var site = await Site.OpenAsync(
            options => options.Filter = name => name.StartsWith(prefix, StringComparison.Ordinal), clock);
        var viewers = new List<Viewer>();
        var costs = new List<TimeSpan>();
        foreach (var count in new[] { 1, 1, 21 })   // the first time everything is compiled
        {
            for (; viewers.Count < count; viewers.Add(await Viewer.OpenAsync(site)))
            {
            }

            foreach (var viewer in viewers.Skip(costs.Count == 0 ? 0 : 1)) await viewer.PartsAsync();
            var since = Environment.CpuUsage.TotalTime;
            for (var tick = 0; tick < Ticks; tick++)
            {
                clock.Advance(1);
                var parts = (await viewers[0].PartsAsync())!.Length;
                foreach (var viewer in viewers.Skip(1))
                    for (var part = 0; part < parts; part++) await viewer.EventAsync();
            }

            costs.Add((Environment.CpuUsage.TotalTime - since) / Ticks);
        }

        foreach (var viewer in viewers) await viewer.DisposeAsync();
        foreach (var troupe in made) await troupe.DisposeAsync();
        var each = (costs[2] - costs[1]) / 20;
        TestContext.Out.WriteLine($"one viewer {costs[1].TotalMilliseconds:N2} ms a tick, each further one {each.TotalMilliseconds:N3} ms");
        Assert.That(each.TotalMilliseconds, Is.LessThan(1));
    }
}
