using Microsoft.Playwright;
using TinyWorker.Dashboard.State;
using static Microsoft.Playwright.Assertions;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>What the page shows of what it is sent.</summary>
internal sealed class PageTests : BrowserTests
{
    [Test]
    public async Task State_OfOneTroupe_IsShown()
    {
        var stage = await StageAsync(Scenes.Of([Scenes.Troupe(1, "thumbnails", 240.4)]));
        var page = await OpenAsync(stage.Address);
        await Expect(page).ToHaveTitleAsync("Picture service");
        var card = page.GetByRole(AriaRole.Article, new() { Name = "thumbnails" });
        await Expect(card).ToContainTextAsync("Busy");
        await Expect(card).ToContainTextAsync("It keeps up. There is nothing to change.");
        await Expect(Figure(page, 1, "perSecond")).ToHaveTextAsync("240");
        await Expect(Figure(page, 1, "succeeded")).ToHaveTextAsync("13.3K");
        await Expect(card.GetByRole(AriaRole.Img, new() { Name = "Workers: 6 busy, 2 idle" })).ToBeVisibleAsync();
        await Expect(card.GetByRole(AriaRole.Row, new() { Name = "Waited 850 µs 12.5 ms 34 ms 112 ms" })).ToBeVisibleAsync();
        await Expect(card).ToContainTextAsync("At one task for at least 1.24 s: worker 2, process 31337, 212MB");
        await Expect(page.Locator("dl.tiles")).ToContainTextAsync("1.41GB");
        await Expect(page.Locator("nav")).ToBeHiddenAsync();
        await Expect(page.GetByText("Who waits for whom")).ToBeHiddenAsync();
    }

    [Test]
    public async Task Condition_EachOne_HasItsWordAndItsShape()
    {
        var conditions = Enum.GetNames<TroupeCondition>();
        var stage = await StageAsync(Scenes.Of([.. conditions.Select((name, i) => Scenes.Troupe(i, name) with { Condition = name })]));
        var page = await OpenAsync(stage.Address);
        await Expect(Figure(page, (int)TroupeCondition.HeldByConsumer, "condition")).ToHaveTextAsync("Held by consumer");
        var looks = new HashSet<string>();
        for (var i = 0; i < conditions.Length; i++) looks.Add(await Figure(page, i, "mark").Locator("path").GetAttributeAsync("d") ?? "");

        // Idle, Starved, WaitingForInput, HeldByWindow and HeldByConsumer look alike: nothing is wrong with the troupe.
        Assert.That(looks, Has.Count.EqualTo(conditions.Length - 4));
    }

    [Test]
    public async Task Attention_OfSomeTroupes_LinksToTheirCards()
    {
        var stage = await StageAsync(Scenes.Trouble());
        var page = await OpenAsync(stage.Address);
        var attention = page.GetByRole(AriaRole.Navigation, new() { Name = "5 troupes need attention" });
        await Expect(attention.GetByRole(AriaRole.Link)).ToHaveCountAsync(5);
        await Expect(page).ToHaveTitleAsync("(5) Picture service");
        await attention.GetByRole(AriaRole.Link, new() { Name = "speech to text (Hung)" }).ClickAsync();
        await Expect(Card(page, 2)).ToBeFocusedAsync();
    }

    [Test]
    public async Task Links_BetweenTroupes_AreDrawnAndSaidInWords()
    {
        var stage = await StageAsync(Scenes.Eight());
        var page = await OpenAsync(stage.Address);
        var graph = page.GetByRole(AriaRole.Region, new() { Name = "Who waits for whom" });
        await Expect(graph.GetByRole(AriaRole.Link)).ToHaveCountAsync(6);
        await Expect(graph.GetByRole(AriaRole.Link, new() { Name = "thumbnails (Saturated) waits for decode" })).ToBeVisibleAsync();
        await Expect(graph.GetByRole(AriaRole.Link, new() { Name = "uploads (Idle)", Exact = true })).ToBeVisibleAsync();
        stage.Send(Scenes.Eight() with { Links = [] });
        await Expect(graph).ToBeHiddenAsync();
    }

    [Test]
    public async Task Links_InARing_AreDrawn()
    {
        var troupes = Enumerable.Range(1, 4).Select(id => Scenes.Troupe(id, $"troupe {id}")).ToArray();
        var stage = await StageAsync(Scenes.Of(troupes, [new(1, 2), new(2, 3), new(3, 1), new(4, 4), new(9, 1)]));
        var page = await OpenAsync(stage.Address, 360);
        await Expect(page.GetByRole(AriaRole.Region).GetByRole(AriaRole.Link)).ToHaveCountAsync(3);
        await AssertFitsAsync(page);
    }

    [Test]
    public async Task Event_WithFiguresOnly_MovesThemAndKeepsTheWords()
    {
        var stage = await StageAsync(Scenes.Of([Scenes.Troupe(1, "a"), Scenes.Troupe(2, "b")]));
        var page = await OpenAsync(stage.Address);
        var moved = Scenes.Troupe(1, "a") with { Waiting = 777, Cells = "hb" };
        stage.Send(Scenes.Of([Bare(moved), Bare(Scenes.Troupe(2, "b"))]) with { Links = null });
        await Expect(Figure(page, 1, "waiting")).ToHaveTextAsync("777");
        await Expect(Card(page, 1).GetByRole(AriaRole.Img, new() { Name = "Workers: 1 busy, 1 hung" })).ToBeVisibleAsync();
        await Expect(Card(page, 1)).ToContainTextAsync("It keeps up. There is nothing to change.");
        await Expect(Card(page, 1)).ToContainTextAsync("At one task for at least 1.24 s");
    }

    [Test]
    public async Task Event_WithWords_ClearsWhatIsNotInIt()
    {
        var stage = await StageAsync(Scenes.Trouble());
        var page = await OpenAsync(stage.Address);
        await Expect(Card(page, 1)).ToContainTextAsync("WorkerStartException");
        var mended = Scenes.Troupe(1, "models") with { Faults = null, Longest = null, Wait = null };
        stage.Send(Scenes.Of([mended]));
        await Expect(Card(page, 1)).ToContainTextAsync("None of late.");
        await Expect(Card(page, 1)).ToContainTextAsync("No task runs.");
        await Expect(Card(page, 1)).Not.ToContainTextAsync("WorkerStartException");
        await Expect(Card(page, 1).GetByRole(AriaRole.Row, new() { Name = "Waited – – – –" })).ToBeVisibleAsync();
    }

    [Test]
    public async Task Parts_OfATick_AreShownTogether()
    {
        var stage = await StageAsync(Scenes.Of([Scenes.Troupe(1, "a"), Scenes.Troupe(2, "b"), Scenes.Troupe(3, "c")]));
        var page = await OpenAsync(stage.Address);
        var part = Scenes.Of([Scenes.Troupe(1, "a") with { Waiting = 111 }]) with { Parts = 2 };
        stage.Send(part);
        stage.Send(part with { Part = 1, Troupes = [Scenes.Troupe(3, "c") with { Waiting = 333 }] });
        await Expect(Figure(page, 3, "waiting")).ToHaveTextAsync("333");
        await Expect(Figure(page, 1, "waiting")).ToHaveTextAsync("111");
        await Expect(Card(page, 2)).ToHaveCountAsync(0);

        // The first part of a tick whose second never comes is not shown.
        stage.Send(Scenes.Of([Scenes.Troupe(1, "a") with { Waiting = 999 }]) with { Parts = 2 });
        stage.Send(Scenes.Of([Scenes.Troupe(3, "c") with { Waiting = 334 }]));
        await Expect(Figure(page, 3, "waiting")).ToHaveTextAsync("334");
        await Expect(page.GetByRole(AriaRole.Article)).ToHaveCountAsync(1);
    }

    [Test]
    public async Task Names_ThatAreHostile_AreTextAndNothingElse()
    {
        var stage = await StageAsync(Scenes.Hostile());
        var page = await OpenAsync(stage.Address, 360);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "<h1>Application</h1> www" })).ToHaveCountAsync(1);
        await Expect(Card(page, 1).GetByRole(AriaRole.Heading)).ToHaveTextAsync("<img src=x onerror=alert(1)>");
        await Expect(Card(page, 1)).ToContainTextAsync("<b>not bold</b>");
        await Expect(Card(page, 3).GetByRole(AriaRole.Heading)).ToHaveTextAsync("מרכז הנתונים \ufffdgpj.exe");
        await Expect(Card(page, 4).GetByRole(AriaRole.Heading)).ToHaveTextAsync("a\ufffdb\ufffdc\ufffd d\ufffd[31m");
        await Expect(Card(page, 5).GetByRole(AriaRole.Heading)).ToHaveTextAsync("(no name)");
        await Expect(Card(page, 7)).ToContainTextAsync("<i>");
        await Expect(Card(page, 8)).ToContainTextAsync("<b>figure</b>");
        await Expect(Card(page, 8)).ToContainTextAsync("<script>alert(4)</script>\ufffdgpj.exe");
        await Expect(page.Locator("main :is(img, script, b b, i i, h1, iframe, object)")).ToHaveCountAsync(0);
        foreach (var width in new[] { 360, 768, 1440 })
        {
            await page.SetViewportSizeAsync(width, 900);
            await AssertFitsAsync(page);
        }
    }

    [Test]
    public async Task Figures_ThatAreAttached_AreShownAndGoAgain()
    {
        var stage = await StageAsync(Scenes.Remote());
        var page = await OpenAsync(stage.Address);
        await Expect(Figure(page, 1, "figures").GetByRole(AriaRole.Term)).ToHaveTextAsync(
            ["Connection", "Broker", "In the queue", "Hosts", "Sent again", "Dead letters"]);
        await Expect(Figure(page, 1, "figures").GetByRole(AriaRole.Definition)).ToHaveTextAsync(
            ["ready", "10.0.0.12:5672", "1,204", "3", "0", "⚠ 2"]);
        await Expect(Figure(page, 2, "figures")).ToContainTextAsync("⚠ down");

        // Figures alone leave them; words without them take them away.
        stage.Send(Scenes.Of([Bare(Scenes.Remote().Troupes[0]) with { Waiting = 777 }]));
        await Expect(Figure(page, 1, "waiting")).ToHaveTextAsync("777");
        await Expect(Figure(page, 1, "figures")).ToBeVisibleAsync();
        stage.Send(Scenes.Of([Scenes.Troupe(1, "thumbnails")]));
        await Expect(Figure(page, 1, "figures")).ToBeHiddenAsync();
    }

    [Test]
    public async Task Troupes_MoreThanAreShown_IsSaid()
    {
        var stage = await StageAsync(Scenes.Of([Scenes.Troupe(1, "a")]) with { Omitted = 12 });
        var page = await OpenAsync(stage.Address);
        await Expect(page.GetByText("12 more are not shown (MaxTroupes).")).ToBeVisibleAsync();
        stage.Send(Scenes.Of([]));
        await Expect(page.GetByText("No troupe lives in this process yet.")).ToBeVisibleAsync();
    }

    private static TroupeState Bare(TroupeState troupe) => troupe with
    {
        History = null, Sentence = null, Text = null, Wait = null, Run = null, Faults = null, Longest = null, Figures = null,
    };
}
