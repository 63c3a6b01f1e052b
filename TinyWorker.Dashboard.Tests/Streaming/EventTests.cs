using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Tests.Streaming;

internal sealed class EventTests
{
    [Test]
    public async Task Events_OfAFirstViewer_ComeAtOnceAndThenByTheClock()
    {
        var clock = new CountingClock();
        var name = Troupes.Name("clocked");
        await using var troupe = Troupes.Pool(name);
        await using var site = await Site.OpenAsync(options => options.Filter = one => one == name, clock);
        await using var viewer = await Viewer.OpenAsync(site);
        bool[] everyFive = [true, false, false, false, false, true, false];
        var ticks = new List<DashboardState> { await viewer.TickAsync() };
        for (var i = 0; i < 6; i++)
        {
            clock.Advance(1);
            ticks.Add(await viewer.TickAsync());
        }

        Assert.Multiple(() =>
        {
            Assert.That(ticks.ConvertAll(tick => tick.Troupes.Single().Name), Is.All.EqualTo(name));
            Assert.That(
                ticks.ConvertAll(tick => tick.Time - ticks[0].Time), Is.EqualTo(new long[] { 0, 1000, 2000, 3000, 4000, 5000, 6000 }));
            Assert.That(ticks.ConvertAll(tick => tick.Troupes[0].Text is not null), Is.EqualTo(everyFive), "words every five");
            Assert.That(ticks.ConvertAll(tick => tick.Links is not null), Is.EqualTo(everyFive));
            Assert.That(ticks.ConvertAll(tick => tick.Token), Is.All.Null);
            Assert.That(ticks.ConvertAll(tick => tick.Troupes[0].History), Is.All.Null);
        });
    }

    [Test]
    public async Task Events_OfTwoViewers_AreTheSame()
    {
        var clock = new CountingClock();
        await using var site = await Site.OpenAsync(clock: clock);
        await using var one = await Viewer.OpenAsync(site);
        await using var other = await Viewer.OpenAsync(site);
        Assert.That(await other.EventAsync(), Is.EqualTo(await one.EventAsync()));
        clock.Advance(1);
        Assert.That(await other.EventAsync(), Is.EqualTo(await one.EventAsync()));
    }

    [Test]
    public async Task Events_OfManyTroupesWithHostileTexts_AreOfEightKilobytesEachAtTheMost()
    {
        const int Count = 40;
        var prefix = Troupes.Name("many") + "\n\ndata: {}\n\n<script>\"\u2028\ud83d\ude00\ud800'&\0" + new string('<', 3000);
        var troupes = Enumerable.Range(0, Count).Select(i => new TinyTroupe<int, int>(
            _ => throw new InvalidOperationException(new string('"', 5000)), new PoolTroupeOptions { Name = $"{i} {prefix}" })).ToList();
        troupes.Add(Troupes.Pool("workers " + prefix, 1000));
        await using var _ = new Disposing(troupes);
        var figure = new TroupeFigure(new string('<', 1000), new string('\ud800', 1000), true);
        foreach (var troupe in troupes) TroupeFigures.Attach(troupe, () => [.. Enumerable.Repeat(figure, 100)]);
        var clock = new CountingClock();
        await using var site = await Site.OpenAsync(
            options =>
            {
                options.Filter = name => name.EndsWith(prefix, StringComparison.Ordinal);
                options.ShowErrorMessages = true;
                options.Title = new string('>', 5000);
            },
            clock);
        await using var viewer = await Viewer.OpenAsync(site);
        var seen = new List<string>();
        for (var tick = 0; tick < 11; tick++)
        {
            var names = new List<string>();
            DashboardState state;
            do
            {
                var bytes = (await viewer.EventAsync())!;
                Assert.That(bytes.Length + 2, Is.LessThanOrEqualTo(8192));
                state = System.Text.Json.JsonSerializer.Deserialize(bytes.AsSpan(6), DashboardJson.Default.DashboardState)!;
                names.AddRange(state.Troupes.Select(troupe => troupe.Name));
            }
            while (state.Part < state.Parts - 1);
            Assert.That(names, Has.Count.EqualTo(Count + 1).And.Unique);
            Assert.That(names, Has.Some.StartsWith("7 many").And.Some.StartsWith("workers many"));
            if (tick == 10) Assert.That(names[0], Does.Contain("\n\ndata: {}\n\n<script>\"\u2028\ud83d\ude00"), "text stays text");
            foreach (var troupe in troupes) await troupe.Submit(1).WaitAsync(Site.Deadline).ContinueWith(_ => { }, TaskScheduler.Default);
            clock.Advance(1);
        }
    }

    [Test]
    public async Task Stream_ItsLifetimeIsOver_EndsAndMayBeOpenedAgain()
    {
        var clock = new CountingClock();
        await using var site = await Site.OpenAsync(options => options.StreamLifetime = TimeSpan.FromSeconds(30), clock);
        await using var viewer = await Viewer.OpenAsync(site);
        await viewer.TickAsync();
        clock.Advance(31);
        await viewer.UntilTheEndAsync();
        await using var again = await Viewer.OpenAsync(site);
        await again.TickAsync();
    }

    [Test]
    public async Task Stream_IntervalOfAMinute_ShowsSignsOfLife()
    {
        var clock = new CountingClock();
        await using var site = await Site.OpenAsync(options => options.Interval = TimeSpan.FromSeconds(60), clock);
        await using var viewer = await Viewer.OpenAsync(site);
        Assert.That(Encoding.UTF8.GetString((await viewer.BlockAsync())!), Does.Contain("retry: 2000"));
        await viewer.TickAsync();
        await Until.TrueAsync(() => clock.LivingTimers == 3, "the viewer waits: the looks, the lifetime and the sign have a timer each");
        clock.Advance(15);
        Assert.That(Encoding.UTF8.GetString((await viewer.BlockAsync())!), Is.EqualTo(":"));
    }

    [Test]
    public async Task Viewers_MoreThanMay_AreToldToComeAgain()
    {
        await using var site = await Site.OpenAsync(options => options.MaxViewers = 2);
        await using var one = await Viewer.OpenAsync(site);
        var other = await Viewer.OpenAsync(site);
        using (var refused = await site.GetAsync("/troupes/events"))
        {
            await Assert.MultipleAsync(async () =>
            {
                Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
                Assert.That(refused.Headers.RetryAfter, Is.Not.Null);
                Assert.That(await refused.Content.ReadAsStringAsync(), Is.EqualTo("As many are watching as may. Try again later.\n"));
            });
        }

        await other.DisposeAsync();
        await Until.TrueAsync(
            async () =>
            {
                using var again = await site.GetAsync("/troupes/events");
                return again.IsSuccessStatusCode;
            },
            "a place is free once a viewer has left");
    }

    [Test]
    public async Task Stop_WithViewers_IsNotDelayed()
    {
        await using var site = await Site.OpenAsync();
        await using var viewer = await Viewer.OpenAsync(site);
        await viewer.TickAsync();
        var stop = site.Application.StopAsync();
        await stop.WaitAsync(TimeSpan.FromSeconds(15));   // the host would give it 30
    }

    // It fills the buffers between, holds up nobody, and does not delay the stop.
    [Test]
    public async Task Viewer_WhoReadsNothing_HoldsUpNobody()
    {
        var clock = new CountingClock();
        var prefix = Troupes.Name("unread");
        var troupes = Enumerable.Range(0, 20).Select(i => Troupes.Pool($"{prefix} {i}", 200)).ToList();
        await using var _ = new Disposing(troupes);
        await using var site = await Site.OpenAsync(
            options =>
            {
                options.Filter = name => name.StartsWith(prefix, StringComparison.Ordinal);
                options.StreamLifetime = TimeSpan.FromDays(1);
            },
            clock);
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        var address = site.Client.BaseAddress!;
        await silent.ConnectAsync(address.Host, address.Port);
        await silent.SendAsync(Encoding.ASCII.GetBytes($"GET /troupes/events HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n"));
        await using var viewer = await Viewer.OpenAsync(site);
        await viewer.TickAsync();
        var parts = 0;
        for (var i = 0; i < 1000; i++)   // some 12 MB: more than any socket holds
        {
            clock.Advance(1);
            parts += (await viewer.PartsAsync())!.Length;
            if (i % 100 == 0) Assert.That(GC.GetTotalMemory(false), Is.LessThan(500_000_000));
        }

        Assert.That(parts, Is.GreaterThan(1000));
        await site.Application.StopAsync().WaitAsync(TimeSpan.FromSeconds(15));
    }

    [Test]
    public async Task StateAndEvents_ApplicationIsStopping_AnswerThatItIs()
    {
        var stopping = new TaskCompletionSource();
        await using var site = await Site.OpenAsync();
        using var held = await site.GetAsync("/troupes/state");
        var lifetime = site.Application.Lifetime;
        var answers = new List<HttpStatusCode>();
        using var registration = lifetime.ApplicationStopping.Register(() => stopping.TrySetResult());
        lifetime.StopApplication();   // signals, and stops nothing before somebody waits for the shutdown
        await stopping.Task.WaitAsync(Site.Deadline);
        foreach (var path in new[] { "/troupes/state", "/troupes/events" })
        {
            using var response = await site.GetAsync(path);
            answers.Add(response.StatusCode);
            Assert.That(response.Headers.RetryAfter, Is.Not.Null);
        }

        Assert.That(answers, Is.All.EqualTo(HttpStatusCode.ServiceUnavailable));
    }

    [Test]
    public async Task Events_BehindResponseCompression_ComeOneByOne([Values] bool hasEventsAmongItsTypes)
    {
        var clock = new CountingClock();
        await using var site = await Site.StartAsync(
            application =>
            {
                application.UseResponseCompression();
                application.MapTinyTroupes().AllowAnonymous();
            },
            services: services => services.AddSingleton<TimeProvider>(clock).AddResponseCompression(options =>
            {
                if (hasEventsAmongItsTypes) options.MimeTypes = ["text/event-stream", "application/json", "text/html"];
            }));
        using var response = await site.GetAsync("/troupes/events", request => request.Headers.Add("Accept-Encoding", "gzip"));
        var body = await response.Content.ReadAsStreamAsync();
        await using var text = response.Content.Headers.ContentEncoding.Contains("gzip")
            ? new GZipStream(body, CompressionMode.Decompress) : body;
        using var reader = new StreamReader(text);
        for (var i = 0; i < 3; i++)
        {
            string? line;
            do line = await reader.ReadLineAsync().WaitAsync(Site.Deadline);
            while (line is not null && !line.StartsWith("data: ", StringComparison.Ordinal));
            Assert.That(line, Is.Not.Null);
            clock.Advance(1);
        }
    }

    [Test]
    public async Task Events_BehindOutputCacheAndTimeouts_ComeOneByOne()
    {
        var clock = new CountingClock();
        await using var site = await Site.StartAsync(
            application =>
            {
                application.UseRequestTimeouts();
                application.UseOutputCache();
                application.MapTinyTroupes().AllowAnonymous();
            },
            services: services => services.AddSingleton<TimeProvider>(clock)
                .AddRequestTimeouts(options => options.DefaultPolicy = new() { Timeout = TimeSpan.FromMilliseconds(50) })
                .AddOutputCache(options => options.AddBasePolicy(policy => policy.Cache().Expire(TimeSpan.FromMinutes(1)))));
        await using var viewer = await Viewer.OpenAsync(site);
        var times = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            times.Add((await viewer.TickAsync()).Time);
            clock.Advance(1);
        }

        Assert.That(times, Is.Unique);
    }

    private sealed class Disposing(IEnumerable<IAsyncDisposable> all) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var one in all) await one.DisposeAsync();
        }
    }
}
