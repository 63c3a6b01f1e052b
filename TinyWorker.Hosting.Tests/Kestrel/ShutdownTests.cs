using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>What becomes of the requests in flight when their host stops.</summary>
internal sealed class ShutdownTests
{
    private const int RequestsOfAKind = 8;

    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(3);

    // More requests than fit into the troupes: some run, some wait in the troupe and some for room in it, when the host stops.
    [Test]
    public async Task Requests_InFlightWhenTheHostStops_AreAllAnswered(
        [Values] SiteKind kind, [Values] bool concurrently, [Values] bool withAShortTimeout)
    {
        var gate = new Gate();
        await using var site = await Site.StartAsync(
            services => AddChain(services, gate), MapChain, kind, options =>
            {
                options.ServicesStopConcurrently = concurrently;
                if (withAShortTimeout) options.ShutdownTimeout = ShortTimeout;
            });
        string[] ways = ["one", "awaited", "chained", "into"];
        var numbers = Enumerable.Range(1, RequestsOfAKind).ToArray();
        var answers = numbers.SelectMany(x => ways.Select(way => site.GetAsync($"{way}/{x}"))).ToArray();
        await site.ArriveAsync(answers.Length);

        var stopped = site.StopAsync();
        await site.RefuseAsync();
        gate.Open();

        var texts = (await Task.WhenAll(answers)).Select(answer => $"{(int)answer.Status} {answer.Text}");
        Assert.That(texts, Is.EqualTo(numbers.SelectMany(x => ways.Select(way => way == "one" ? $"200 {2 * x}" : $"200 <{2 * x}>"))));
        await stopped;
        Assert.That(site.WasStoppedTooLate, Is.False);
        AssertDrained(site.Troupe<int, int>("doubles"), answers.Length);
        AssertDrained(site.Troupe<int, string>("texts"), answers.Length - numbers.Length);
        Assert.That(site.Log.GetSnapshot().Where(record => record.Level >= LogLevel.Warning), Is.Empty);
    }

    // What runs, what waits for a worker, what waits for its input and what waits for room.
    [Test]
    public async Task Requests_ThatOutlastThePatienceOfTheHost_AreAnswered503BeforeItEnds([Values] SiteKind kind, [Values] bool concurrently)
    {
        var clock = new FakeTimeProvider();
        var gate = new Gate();
        await using var site = await Site.StartAsync(
            services =>
            {
                services.AddSingleton<TimeProvider>(clock);
                AddChain(services, gate);
            },
            MapChain, kind, options => options.ServicesStopConcurrently = concurrently);
        var answers = Enumerable.Range(1, RequestsOfAKind)
            .SelectMany(x => new[] { site.GetAsync($"one/{x}"), site.GetAsync($"awaited/{x}"), site.GetAsync($"chained/{x}") }).ToArray();
        await site.ArriveAsync(answers.Length);
        var troupe = site.Troupe<int, int>("doubles");
        await Site.UntilAsync(() => troupe.Snapshot().Running == 2, "the first tasks to run");

        var stopped = site.StopAsync();
        await site.RefuseAsync();
        var patience = Site.Deadline - new TinyTroupeHostOptions().ShutdownReserve;
        clock.Advance(patience - TimeSpan.FromMilliseconds(1));
        Assert.That(troupe.Snapshot().Canceled, Is.Zero, "tasks cancelled while there is time");
        clock.Advance(TimeSpan.FromMilliseconds(1));

        var all = await Task.WhenAll(answers);
        Assert.That(all.Select(answer => answer.Status), Is.All.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(all.Select(answer => answer.RetryAfter), Is.All.EqualTo(TimeSpan.FromSeconds(1)));
        await stopped;
        Assert.That(site.WasStoppedTooLate, Is.False);
        Assert.That(troupe.Snapshot(), Has.Property(nameof(TroupeSnapshot.Condition)).EqualTo(TroupeCondition.Stopped));
        AssertExplained(site, "doubles");
    }

    [Test]
    public async Task Task_OfTwentySecondsAndAHostOfThree_HasItsRequestAnswered503InTime([Values] SiteKind kind, [Values] bool concurrently)
    {
        await using var site = await Site.StartAsync(
            services => services.AddTinyTroupe<int, int>(
                "sleepers",
                async (_, seconds, token) =>
                {
                    await Task.Delay(TimeSpan.FromSeconds(seconds), token);
                    return seconds;
                }),
            app => app.MapGet(
                "sleep/{seconds}",
                (int seconds, [FromKeyedServices("sleepers")] ITinyTroupe<int, int> troupe, CancellationToken aborted) =>
                    troupe.CallAsync(seconds, aborted)),
            kind,
            options =>
            {
                options.ServicesStopConcurrently = concurrently;
                options.ShutdownTimeout = ShortTimeout;
            });
        var asked = site.GetAsync("sleep/20");
        await Site.UntilAsync(() => site.Troupe<int, int>("sleepers").Snapshot().Running == 1, "the task to run");

        var stopped = site.StopAsync();

        Assert.That((await asked).Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        await stopped;
        Assert.That(site.WasStoppedTooLate, Is.False);
        AssertExplained(site, "sleepers");
    }

    [Test]
    public async Task Task_ThatIgnoresItsToken_HasItsRequestAnswered503AfterTheGrace()
    {
        var clock = new FakeTimeProvider();
        using var release = new ManualResetEventSlim();
        await using var site = await Site.StartAsync(
            services =>
            {
                services.AddSingleton<TimeProvider>(clock);
                services.AddTinyTroupe<int, int>(
                    "deaf",
                    (_, x, _) =>
                    {
                        release.Wait(Site.Deadline, CancellationToken.None);
                        return x;
                    });
            },
            app => app.MapGet("deaf/{x}", (int x, [FromKeyedServices("deaf")] ITinyTroupe<int, int> troupe, CancellationToken aborted) =>
                troupe.CallAsync(x, aborted)));
        var asked = site.GetAsync("deaf/1");
        await Site.UntilAsync(() => site.Troupe<int, int>("deaf").Snapshot().Running == 1, "the task to run");

        var stopped = site.StopAsync();
        await site.RefuseAsync();
        await Site.UntilAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));   // first the patience of the host, then the grace of the troupe
                return asked.IsCompleted;
            },
            "the answer");

        Assert.That((await asked).Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        await stopped;
        Assert.That(site.WasStoppedTooLate, Is.False);
        Assert.That(site.Troupe<int, int>("deaf").Snapshot().Abandoned, Is.EqualTo(1));
        release.Set();
    }

    private static void AddChain(IServiceCollection services, Gate gate)
    {
        services.AddTinyTroupe<int, int>(
            "doubles",
            async (_, x, token) =>
            {
                await gate.PassAsync(token);
                return 2 * x;
            },
            settings =>
            {
                settings.Workers = 2;
                settings.Capacity = 4;
            });
        services.AddTinyTroupe<int, string>(
            "texts",
            (_, x, _) => string.Create(CultureInfo.InvariantCulture, $"<{x}>"),
            settings =>
            {
                settings.Workers = 1;
                settings.Capacity = 4;
            });
    }

    private static void MapChain(IEndpointRouteBuilder app)
    {
        app.MapGet("one/{x}", (int x, ITinyTroupe<int, int> doubles, CancellationToken aborted) => doubles.CallAsync(x, aborted));
        app.MapGet("awaited/{x}", async (
            int x, ITinyTroupe<int, int> doubles, ITinyTroupe<int, string> texts, CancellationToken aborted) =>
            await texts.CallAsync(await doubles.CallAsync(x, aborted), aborted));
        app.MapGet("chained/{x}", async (
            int x, ITinyTroupe<int, int> doubles, ITinyTroupe<int, string> texts, CancellationToken aborted) =>
        {
            var doubled = await doubles.SubmitAsync(x, aborted);
            var text = await texts.SubmitAsync(doubled, aborted);
            return await text;
        });
        app.MapGet("into/{x}", (int x, ITinyTroupe<int, int> doubles, ITinyTroupe<int, string> texts, CancellationToken aborted) =>
            doubles.Into(texts).CallAsync(x, aborted));
    }

    private static void AssertDrained(ITroupe troupe, int tasks)
    {
        var snapshot = troupe.Snapshot();
        Assert.That(
            (snapshot.Condition, snapshot.Accepted, snapshot.Succeeded),
            Is.EqualTo((TroupeCondition.Stopped, (long)tasks, (long)tasks)), troupe.Name);
    }

    private static void AssertExplained(Site site, string troupe)
    {
        var warnings = site.Log.GetSnapshot().Where(record => record.Level == LogLevel.Warning).Select(record => record.Message);
        Assert.That(warnings, Has.One.Contains(troupe), "what the log says of a troupe that is aborted");
    }
}
