using System.Net;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>The request handlers of docs/hosting.md.</summary>
internal sealed class RequestTests
{
    private const int Workers = 2;
    private const int Capacity = 4;

    [Test]
    public async Task Requests_FarMoreThanATroupeHasRoomFor_AreAllAnsweredByCallAsync()
    {
        const int Requests = 300;
        await using var site = await StartAsync(async (x, token) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), token);   // stands for a model
            return x * x;
        });

        var answers = await Task.WhenAll(Enumerable.Range(0, Requests).Select(x => site.GetAsync($"answers/{x}")));

        Assert.That(answers.Select(answer => (answer.Status, answer.Text)), Is.EqualTo(Squares(Requests)));
        Assert.That(site.Troupe<int, int>("models").Snapshot().Succeeded, Is.EqualTo(Requests));
    }

    [Test]
    public async Task Requests_MoreThanATroupeHasRoomFor_AreRefusedByTrySubmitWith503AtOnce()
    {
        var gate = new Gate();
        await using var site = await StartAsync(async (x, token) =>
        {
            await gate.PassAsync(token);
            return x * x;
        });
        var troupe = site.Troupe<int, int>("models");
        List<Task<SiteAnswer>> accepted = [];
        for (var x = 0; x < Workers; x++) accepted.Add(site.GetAsync($"answers-or-503/{x}"));
        await Site.UntilAsync(() => troupe.Snapshot().Running == Workers, "every worker to be busy");
        for (var x = Workers; x < Workers + Capacity; x++) accepted.Add(site.GetAsync($"answers-or-503/{x}"));
        await Site.UntilAsync(() => troupe.Snapshot().Waiting == Capacity, "the troupe to be full");

        var refused = await Task.WhenAll(Enumerable.Range(0, 20).Select(x => site.GetAsync($"answers-or-503/{x}")));
        gate.Open();

        Assert.That(refused.Select(answer => answer.Status), Is.All.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(refused.Select(answer => answer.RetryAfter), Is.All.EqualTo(TimeSpan.FromSeconds(1)));
        var answers = await Task.WhenAll(accepted);
        Assert.That(answers.Select(answer => (answer.Status, answer.Text)), Is.EqualTo(Squares(accepted.Count)));
    }

    // One waits for room, one waits for a worker, and one runs.
    [Test]
    public async Task Client_ThatHangsUp_CancelsItsTaskWhateverThatWaitsFor()
    {
        List<int> started = [];
        await using var site = await StartAsync(
            async (x, token) =>
            {
                lock (started) started.Add(x);
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return x;
            },
            workers: 1, capacity: 1);
        var troupe = site.Troupe<int, int>("models");
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        using var third = new CancellationTokenSource();
        var running = site.GetAsync("answers/1", first.Token);
        await Site.UntilAsync(() => troupe.Snapshot().Running == 1, "the first task to run");
        var waiting = site.GetAsync("answers/2", second.Token);
        await Site.UntilAsync(() => troupe.Snapshot().Waiting == 1, "the second task to wait");
        var outside = site.GetAsync("answers/3", third.Token);
        await site.ArriveAsync(3);

        // The last first: else it would get the room of the one before it.
        foreach (var (asked, client) in new[] { (outside, third), (waiting, second), (running, first) })
        {
            await client.CancelAsync();
            await Assert.ThatAsync(() => asked, Throws.InstanceOf<OperationCanceledException>());
            Assert.That(await site.LeaveAsync(), Is.EqualTo(StatusCodes.Status499ClientClosedRequest));
        }

        var snapshot = troupe.Snapshot();
        Assert.That((snapshot.Accepted, snapshot.Canceled), Is.EqualTo((2L, 2L)));
        lock (started) Assert.That(started, Is.EqualTo(new[] { 1 }));
    }

    private static Task<Site> StartAsync(
        Func<int, CancellationToken, Task<int>> ask, int workers = Workers, int capacity = Capacity) => Site.StartAsync(
            services => services.AddTinyTroupe<int, int>("models", (_, x, token) => ask(x, token), settings =>
            {
                settings.Workers = workers;
                settings.Capacity = capacity;
            }),
            Handlers.Map);

    private static IEnumerable<(HttpStatusCode Status, string Text)> Squares(int count) =>
        Enumerable.Range(0, count).Select(x => (HttpStatusCode.OK, $"{x * x}"));
}
