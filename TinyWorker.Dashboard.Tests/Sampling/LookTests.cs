using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Tests.Sampling;

/// <summary>What is shown of troupes.</summary>
internal sealed class LookTests
{
    private const string Secret = "the password is swordfish";

    [Test]
    public async Task State_OfATroupe_HasItsFiguresAndWords()
    {
        var name = Troupes.Name("plain");
        await using var troupe = Troupes.Pool(name, 3);
        await troupe.WhenReadyAsync().WaitAsync(Site.Deadline);
        for (var i = 0; i < 5; i++) await troupe.CallAsync(i).AsTask().WaitAsync(Site.Deadline);
        await using var site = await Site.OpenAsync(options => options.Filter = one => one == name);
        var state = await StateAsync(site);
        var shown = state.Troupes.Single();
        Assert.Multiple(() =>
        {
            Assert.That(state.Application, Is.EqualTo("TinyWorker.Dashboard.Tests"));
            Assert.That((state.Part, state.Parts, state.Omitted, state.Interval), Is.EqualTo((0, 1, 0, 1.0)));
            Assert.That(state.Links, Is.Empty);
            Assert.That(state.Totals.Troupes, Is.EqualTo(1));
            Assert.That(state.Totals.Memory, Is.GreaterThan(1_000_000));
            Assert.That(state.Totals.ProcessorCount, Is.EqualTo(Environment.ProcessorCount));
            Assert.That(shown.Name, Is.EqualTo(name));
            Assert.That(shown.Cells, Is.EqualTo("iii"));
            Assert.That((shown.Workers, shown.MaxWorkers, shown.Capacity, shown.Succeeded), Is.EqualTo((3, 3, 1024, 5L)));
            Assert.That(shown.CanControl, Is.True);
            Assert.That(shown.Sentence, Is.Not.Empty);
            Assert.That(shown.Text, Does.StartWith($"'{name}'"));
            Assert.That(shown.History, Is.Empty);
            Assert.That(shown.PerSecond, Is.GreaterThan(0), "the mean since it was made");
        });
    }

    [Test]
    public async Task State_WhileSomebodyWatches_HasTheHistory()
    {
        var clock = new CountingClock();
        var name = Troupes.Name("historic");
        await using var troupe = Troupes.Pool(name);
        await using var site = await Site.OpenAsync(options => options.Filter = one => one == name, clock);
        var viewer = await Viewer.OpenAsync(site);
        await viewer.TickAsync();
        for (var i = 1; i <= 4; i++)
        {
            for (var task = 0; task < i; task++) await troupe.CallAsync(1).AsTask().WaitAsync(Site.Deadline);
            clock.Advance(1);
            await viewer.TickAsync();
        }

        Assert.That((await StateAsync(site)).Troupes.Single().History, Is.EqualTo(new[] { 1.0, 2, 3, 4 }));

        // Nobody looked for ten seconds, in which twenty tasks ended: two a second.
        await viewer.DisposeAsync();
        await Until.TrueAsync(() => clock.LivingTimers == 0, "the viewer has left");
        for (var task = 0; task < 20; task++) await troupe.CallAsync(1).AsTask().WaitAsync(Site.Deadline);
        clock.Advance(10);
        await using var later = await Viewer.OpenAsync(site);
        await later.TickAsync();
        Assert.That(
            (await StateAsync(site)).Troupes.Single().History, Is.EqualTo(new[] { 1.0, 2, 3, 4 }.Concat(Enumerable.Repeat(2.0, 10))));
    }

    [Test]
    public async Task Attention_ATroupeIsBroken_ComesWithTheThirdLook()
    {
        var clock = new CountingClock();
        var name = Troupes.Name("broken");
        await using var troupe = await BrokenAsync(name);
        await using var site = await Site.OpenAsync(options => options.Filter = one => one == name, clock);
        await using var viewer = await Viewer.OpenAsync(site);
        var needs = new List<bool>();
        for (var i = 0; i < 4; i++)
        {
            var shown = (await viewer.TickAsync()).Troupes.Single();
            Assert.That(shown.Condition, Is.EqualTo("Broken"));
            needs.Add(shown.NeedsAttention);
            clock.Advance(1);
        }

        Assert.That(needs, Is.EqualTo(new[] { false, false, true, true }));
    }

    [TestCase("Production", null, false)]
    [TestCase("Production", true, true)]
    [TestCase("Development", null, true)]
    [TestCase("Development", false, false)]
    public async Task Messages_OfExceptions_AreShownIfTheyMay(string environment, bool? option, bool areShown)
    {
        var clock = new CountingClock();
        var (broken, faulty) = (Troupes.Name("broken"), Troupes.Name("faulty"));
        await using var one = await BrokenAsync(broken);
        await using var other = new TinyTroupe<string, int>(
            _ => throw new InvalidOperationException(Secret), new PoolTroupeOptions { Name = faulty });
        await using var site = await Site.StartAsync(
            application => application.MapTinyTroupes(configure: options =>
            {
                options.Filter = name => name == broken || name == faulty;
                options.ShowErrorMessages = option;
            }).AllowAnonymous(),
            environment,
            services => services.AddSingleton<TimeProvider>(clock));
        await using var viewer = await Viewer.OpenAsync(site);
        await viewer.TickAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => other.Submit("swordfish as an input").AsTask().WaitAsync(Site.Deadline));
        clock.Advance(5);
        string text;
        do
        {
            clock.Advance(1);
            await viewer.TickAsync();
            text = await site.Client.GetStringAsync("/troupes/state");
        }
        while (!text.Contains("InvalidOperationException", StringComparison.Ordinal));

        Assert.Multiple(() =>
        {
            Assert.That(text.Contains(Secret, StringComparison.Ordinal), Is.EqualTo(areShown));
            Assert.That(text, Does.Not.Contain("as an input"), "inputs are never shown");
            Assert.That(text, Does.Contain("\"condition\":\"Broken\"").And.Contain("every task faults"));
        });
    }

    [Test]
    public async Task Longest_ATaskThatRuns_IsShownWithItsNumber()
    {
        var clock = new CountingClock();
        var name = Troupes.Name("long");
        var gate = new TaskCompletionSource();
        await using var troupe = new TinyTroupe<int, int>(
            async (int x, CancellationToken _) =>
            {
                await gate.Task;
                return x;
            },
            new PoolTroupeOptions { Name = name, Workers = 2 });
        var task = troupe.Submit(1);
        await Until.TrueAsync(() => task.Status == TinyFutureStatus.Running, "it runs");
        await using var site = await Site.OpenAsync(options => options.Filter = one => one == name, clock);
        await using var viewer = await Viewer.OpenAsync(site);
        var last = await viewer.TickAsync();
        for (var i = 0; i < 5; i++)
        {
            clock.Advance(1);
            last = await viewer.TickAsync();
        }

        gate.SetResult();
        Assert.Multiple(() =>
        {
            Assert.That(last.Troupes.Single().Longest, Is.Not.Null);
            Assert.That(last.Troupes.Single().Longest!.Task, Is.GreaterThan(0));
            Assert.That(last.Troupes.Single().Cells, Has.Length.EqualTo(2).And.Contain("b").And.Contain("i"));
            Assert.That(last.Troupes.Single().Running, Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Links_OfAChain_NameWhoWaitsForWhom()
    {
        var clock = new CountingClock();
        var (first, second) = (Troupes.Name("first"), Troupes.Name("second"));
        await using var one = Troupes.Pool(first);
        await using var other = Troupes.Pool(second);
        await using var site = await Site.OpenAsync(options => options.Filter = name => name == first || name == second, clock);
        await using var viewer = await Viewer.OpenAsync(site);
        await viewer.TickAsync();
        await other.Submit(one.Submit(1)).AsTask().WaitAsync(Site.Deadline);
        DashboardState last;
        var ticks = 0;
        do
        {
            clock.Advance(1);
            last = await viewer.TickAsync();
        }
        while (ticks++ < 4);

        var ids = last.Troupes.ToDictionary(troupe => troupe.Name, troupe => troupe.Id);
        Assert.That(last.Links, Is.EqualTo(new[] { new Link(ids[first], ids[second]) }));
    }

    [Test]
    public async Task Figures_OfATroupe_ComeWithTheWordsAndWantAttention()
    {
        var clock = new CountingClock();
        var name = Troupes.Name("figures");
        await using var troupe = Troupes.Pool(name);
        var isDown = false;
        using var attached = TroupeFigures.Attach(troupe, () => [new("Connection", isDown ? "down" : "ready", isDown)]);
        await using var site = await Site.OpenAsync(options => options.Filter = one => one == name, clock);
        await using var viewer = await Viewer.OpenAsync(site);
        var ticks = new List<DashboardState> { await viewer.TickAsync() };
        isDown = true;
        for (var i = 0; i < 10; i++)
        {
            clock.Advance(1);
            ticks.Add(await viewer.TickAsync());
        }

        var figures = ticks.ConvertAll(tick => tick.Troupes.Single().Figures?.Single());
        Assert.Multiple(() =>
        {
            Assert.That(figures[0], Is.EqualTo(new FigureState("Connection", "ready", false)));
            Assert.That(figures.GetRange(1, 4), Is.All.Null, "figures come with the words");
            Assert.That(figures[5], Is.EqualTo(new FigureState("Connection", "down", true)));
            Assert.That(
                ticks.ConvertAll(tick => tick.Troupes.Single().NeedsAttention),
                Is.EqualTo(new[] { false, false, false, false, false, false, false, true, true, true, true }));
        });
    }

    // A name that two have says nothing of either.
    [Test]
    public async Task Links_OfTroupesOfOneName_AreNotGuessed()
    {
        var clock = new CountingClock();
        var (twice, second) = (Troupes.Name("twice"), Troupes.Name("second"));
        await using var one = Troupes.Pool(twice);
        await using var twin = Troupes.Pool(twice);
        await using var other = Troupes.Pool(second);
        await using var site = await Site.OpenAsync(options => options.Filter = name => name == twice || name == second, clock);
        await using var viewer = await Viewer.OpenAsync(site);
        await viewer.TickAsync();
        await other.Submit(one.Submit(1)).AsTask().WaitAsync(Site.Deadline);
        clock.Advance(1);
        await viewer.TickAsync();
        var state = await StateAsync(site);
        Assert.That(state.Troupes, Has.Count.EqualTo(3));
        Assert.That(state.Links, Is.Empty);
    }

    [Test]
    public async Task Troupes_MoreThanMayBeShown_AreCounted()
    {
        var prefix = Troupes.Name("many");
        await using var one = Troupes.Pool(prefix + " 1");
        await using var two = Troupes.Pool(prefix + " 2");
        await using var three = Troupes.Pool(prefix + " 3");
        await using var site = await Site.OpenAsync(options =>
        {
            options.Filter = name => name.StartsWith(prefix, StringComparison.Ordinal);
            options.MaxTroupes = 2;
        });
        var state = await StateAsync(site);
        Assert.Multiple(() =>
        {
            Assert.That(state.Troupes.Select(troupe => troupe.Name), Is.EqualTo(new[] { prefix + " 1", prefix + " 2" }));
            Assert.That(state.Omitted, Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Troupe_HasEnded_IsGoneAndItsIdIsNotGivenAgain()
    {
        var prefix = Troupes.Name("ending");
        await using var site = await Site.OpenAsync(
            options => options.Filter = name => name.StartsWith(prefix, StringComparison.Ordinal), clock: new CountingClock());
        int id;
        await using (Troupes.Pool(prefix)) id = (await StateAsync(site)).Troupes.Single().Id;
        await using var next = Troupes.Pool(prefix);
        ((CountingClock)site.Application.Services.GetService(typeof(TimeProvider))!).Advance(1);
        Assert.That((await StateAsync(site)).Troupes.Single().Id, Is.Not.EqualTo(id));
    }

    [Test]
    public async Task Filter_ThatThrows_HidesTheTroupeAndIsLogged()
    {
        var name = Troupes.Name("filtered");
        await using var troupe = Troupes.Pool(name);
        await using var site = await Site.OpenAsync(
            options => options.Filter = one => one == name ? throw new InvalidOperationException("a bad filter") : false);
        Assert.That((await StateAsync(site)).Troupes, Is.Empty);
        Assert.That((await StateAsync(site)).Troupes, Is.Empty);
        var line = site.Logs.GetSnapshot().Single(record => record.Level == LogLevel.Error);
        Assert.That(line.Message, Does.Contain(name));
    }

    [Test]
    public async Task Dashboards_TwoOfOneApplication_ShowTheirOwnTroupesUnderTheSameIds()
    {
        var (left, right) = (Troupes.Name("left"), Troupes.Name("right"));
        await using var one = Troupes.Pool(left);
        await using var other = Troupes.Pool(right);
        await using var site = await Site.StartAsync(application =>
        {
            application.MapTinyTroupes("/left", options => (options.Filter, options.Title) = (name => name == left, "Left"))
                .AllowAnonymous();
            application.MapTinyTroupes("/both", options => options.Filter = name => name == left || name == right).AllowAnonymous();
        });
        var (ofLeft, ofBoth) = (await StateAsync(site, "/left/state"), await StateAsync(site, "/both/state"));
        Assert.Multiple(() =>
        {
            Assert.That(ofLeft.Application, Is.EqualTo("Left"));
            Assert.That(ofLeft.Troupes.Single().Name, Is.EqualTo(left));
            Assert.That(ofBoth.Troupes.Select(troupe => troupe.Name), Is.EqualTo(new[] { left, right }));
            Assert.That(ofBoth.Troupes[0].Id, Is.EqualTo(ofLeft.Troupes[0].Id));
        });
    }

    [Test]
    public async Task Totals_OfWorkerProcesses_HaveTheirMemory()
    {
        var name = Troupes.Name("processes");
        await using var troupe = new TinyTroupe<int, int>(Double, new ProcessTroupeOptions { Name = name, Workers = 1 });
        await troupe.WhenReadyAsync().WaitAsync(Site.Deadline);
        await using var site = await Site.OpenAsync(options => options.Filter = one => one == name);
        await using var without = await Site.OpenAsync(options => options.Filter = _ => false);
        Assert.That(
            (await StateAsync(site)).Totals.Memory - (await StateAsync(without)).Totals.Memory, Is.GreaterThan(5_000_000),
            "a process of .NET takes more");
    }

    internal static async Task<DashboardState> StateAsync(Site site, string path = "/troupes/state", string? user = null)
    {
        using var response = await site.GetAsync(path, user: user);
        var text = await response.Content.ReadAsStringAsync();
        return JsonSerializer.Deserialize(text, DashboardJson.Default.DashboardState)!;
    }

    private static int Double(int x) => 2 * x;

    private static async Task<TinyTroupe<int, int>> BrokenAsync(string name)
    {
        var troupe = new TinyTroupe<int, int>(
            (WorkerInfo _) => throw new InvalidOperationException(Secret), new PoolTroupeOptions { Name = name, Workers = 1 });
        await Assert.ThrowsAsync<WorkerStartException>(() => troupe.WhenReadyAsync().WaitAsync(Site.Deadline));
        return troupe;
    }
}
