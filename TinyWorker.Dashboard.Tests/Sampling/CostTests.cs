using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
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
            "cost", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), 32, 200, false, false, name => name.StartsWith(prefix, StringComparison.Ordinal));
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
        TestContext.Out.WriteLine($"{troupes} troupes of {1000 / troupes} workers: {fast.TotalMilliseconds:N2} ms, with words {slow.TotalMilliseconds:N2} ms");
        Assert.That(((4 * fast) + slow).TotalMilliseconds / 5, Is.LessThan(30));
    }

    [Test]
    [Explicit("measures for half a minute")]
    public async Task Viewer_Another_TakesAMillisecondOfAProcessorASecondAtTheMost()
    {
        var prefix = Troupes.Name("viewed");
        var made = Enumerable.Range(0, 40).Select(i => Troupes.Pool($"{prefix} {i}", 25)).ToList();
        await using var site = await Site.OpenAsync(options => options.Filter = name => name.StartsWith(prefix, StringComparison.Ordinal));
        var viewers = new List<Process>();
        var figures = new List<string>();
        var before = TimeSpan.Zero;
        foreach (var count in new[] { 1, 31 })
        {
            while (viewers.Count < count)
                viewers.Add(Process.Start(new ProcessStartInfo("curl", $"-sN -o /dev/null {site.Client.BaseAddress}troupes/events"))!);
            await Task.Delay(TimeSpan.FromSeconds(2));
            var (from, since) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            await Task.Delay(TimeSpan.FromSeconds(12));
            var used = (Environment.CpuUsage.TotalTime - from).TotalMilliseconds / Stopwatch.GetElapsedTime(since).TotalSeconds;
            figures.Add($"{count} viewers: {used:N2} ms of a processor a second");
            if (count == 1) before = TimeSpan.FromMilliseconds(used);
            else Assert.That((used - before.TotalMilliseconds) / 30, Is.LessThan(1));
        }

        foreach (var viewer in viewers) viewer.Kill();
        foreach (var troupe in made) await troupe.DisposeAsync();
        TestContext.Out.WriteLine(string.Join("; ", figures));
    }
}
