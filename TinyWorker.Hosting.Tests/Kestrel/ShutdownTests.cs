using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

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
        var ours = site.Log.GetSnapshot().Where(record => record.Category!.StartsWith("TinyWorker", StringComparison.Ordinal));
        Assert.That(ours.Where(record => record.Level >= LogLevel.Warning), Is.Empty);   // Kestrel warns of a slow machine
    }

    // What runs, what waits for a worker, what waits for its input and what waits for room.
    [Test]
    public async Task Requests_ThatOutlastThePatience_AreAnswered503BeforeTheHostEnds(
        [Values] SiteKind kind, [Values] bool concurrently)
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

    [TestCase(SiteKind.WebApplication, false)]
    [TestCase(SiteKind.WebHostFirst, true)]
    public async Task Task_OfTwentySecondsAndAHostOfThree_HasItsRequestAnswered503InTime(SiteKind kind, bool concurrently)
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
                    },
                    // The clock may pass the grace of an idle worker, too, which is just leaving.
                    settings => settings.Workers = 1);
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

    [Test]
    public async Task Tasks_ThatNoRequestAwaits_RunToTheirEndBeforeTheHostEnds([Values] SiteKind kind, [Values] bool concurrently)
    {
        var gate = new Gate();
        await using var site = await Site.StartAsync(
            services => AddChain(services, gate),
            app => app.MapGet("later/{x}", async (int x, ITinyTroupe<int, int> doubles, ITinyTroupe<int, string> texts) =>
            {
                _ = await texts.SubmitAsync(await doubles.SubmitAsync(x));   // without a token of the request, which they outlive
                return Results.Accepted();
            }),
            kind, options => options.ServicesStopConcurrently = concurrently);
        const int Requests = 4;   // as many as the second troupe has room for
        var answers = await Task.WhenAll(Enumerable.Range(1, Requests).Select(x => site.GetAsync($"later/{x}")));
        Assert.That(answers.Select(answer => answer.Status), Is.All.EqualTo(HttpStatusCode.Accepted));

        var stopped = site.StopAsync();
        await site.RefuseAsync();
        Assert.That(site.Troupe<int, string>("texts").Snapshot().Waiting, Is.EqualTo(Requests));
        gate.Open();

        await stopped;
        Assert.That(site.WasStoppedTooLate, Is.False);
        AssertDrained(site.Troupe<int, int>("doubles"), Requests);
        AssertDrained(site.Troupe<int, string>("texts"), Requests);
    }

    // Kestrel starts after the troupes are ready: then there is something to leave behind.
    [Test]
    public async Task Host_WhosePortIsTaken_FailsToStartAndLeavesNoWorkerBehind()
    {
        var living = new Living();
        await using var other = await Site.StartAsync(_ => { }, _ => { });

        await Assert.ThatAsync(
            () => Site.StartAsync(
                services => services.AddSingleton(living).AddTinyTroupe<int, int, Mortal>("mortals", settings => settings.Workers = 3),
                _ => { }, address: other.Address),
            Throws.InstanceOf<IOException>());

        Assert.That((living.Made, living.Count), Is.EqualTo((3, 0)), "workers made, and those that live");
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
        var problems = site.Log.GetSnapshot().Where(record => record.Level >= LogLevel.Warning).ToArray();
        Assert.That(problems.Select(record => record.Level), Is.All.EqualTo(LogLevel.Warning));
        Assert.That(
            problems.Select(record => record.Message), Has.One.StartsWith(troupe + ": the host's time to stop is running out"),
            "what the log says of a troupe that is aborted");
    }

    private sealed class Living
    {
        private int _made;
        private int _disposed;

        public int Made => _made;

        public int Count => _made - _disposed;

        public void Begin() => Interlocked.Increment(ref _made);

        public void End() => Interlocked.Increment(ref _disposed);
    }

    private sealed class Mortal : TinyWorker<int, int>, IDisposable
    {
        private readonly Living _living;

        public Mortal(Living living)
        {
            _living = living;
            living.Begin();
        }

        public void Dispose() => _living.End();

        public override int Call(int input, CancellationToken cancellationToken) => input;
    }
}
