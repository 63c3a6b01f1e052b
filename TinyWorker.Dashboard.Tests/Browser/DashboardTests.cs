using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>The page and the dashboard's own server, with real troupes.</summary>
internal sealed class DashboardTests : BrowserTests
{
    [Test]
    public async Task Page_OfARealTroupe_Lives()
    {
        await using var troupe = new TinyTroupe<int, int>(x => x + 1, new() { Name = "real one", Workers = 3 });
        var site = Own(await Site.OpenAsync(Only("real one")));
        var page = await OpenAsync(site.Client.BaseAddress + "troupes");
        Assert.That(page.Url, Does.EndWith("/troupes/"));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => troupe.Submit(i).AsTask())).WaitAsync(Site.Deadline);
        var card = page.GetByRole(AriaRole.Article, new() { Name = "real one" });
        await Expect(card.Locator("[data-as=succeeded]")).ToHaveTextAsync("100");
        await Expect(card.GetByRole(AriaRole.Img, new() { Name = "Workers: 3 idle" })).ToBeVisibleAsync();
        await Expect(card.GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        await AssertAccessibleAsync(page);
    }

    [Test]
    public async Task Page_BehindAPathBase_FindsItsFiles()
    {
        var site = Own(await Site.StartAsync(application =>
        {
            application.UsePathBase("/base");
            application.UseRouting();
            application.MapTinyTroupes(configure: Only("none")).AllowAnonymous();
        }));
        var page = await OpenAsync(site.Client.BaseAddress + "base/troupes");
        Assert.That(page.Url, Does.EndWith("/base/troupes/"));
    }

    [Test]
    public async Task Page_BehindAProxyThatCutsAPrefix_FindsItsFilesAndEvents()
    {
        await using var troupe = new TinyTroupe<int, int>(x => x + 1, new() { Name = "behind", Workers = 1 });
        var site = Own(await Site.OpenAsync(Only("behind")));
        var proxy = Own(await CuttingProxy.StartAsync("/outer/inner", site.Client.BaseAddress!));
        var page = await OpenAsync(proxy.Address + "outer/inner/troupes");
        Assert.That(page.Url, Does.EndWith("/outer/inner/troupes/"));
        await troupe.Submit(1).AsTask().WaitAsync(Site.Deadline);
        await Expect(page.Locator("article [data-as=succeeded]")).ToHaveTextAsync("1");
    }

    [Test]
    public async Task Application_StoppedWithAViewer_StopsAndThePageSaysSo()
    {
        MayFailToLoad = true;
        var site = await Site.OpenAsync(Only("none"));
        IPage page;
        await using (site)
        {
            page = await OpenAsync(site.Client.BaseAddress + "troupes/");
            await site.Application.StopAsync().WaitAsync(Site.Deadline);
        }

        await ShowsAsync(page, "Lost");
    }

    [Test]
    public async Task Controls_OfARealTroupe_DoWhatTheySay()
    {
        using var release = new SemaphoreSlim(0);
        await using var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                if (x == 0) await release.WaitAsync(token);
                return x;
            },
            new() { Name = "controlled", Workers = 2 });
        var site = Own(await Site.StartAsync(
            application => application.MapTinyTroupes(configure: options =>
            {
                Only("controlled")(options);
                options.AllowControl = true;
                options.Interval = TimeSpan.FromSeconds(0.25);
            }),
            environment: "Development"));
        var page = await OpenAsync(site.Client.BaseAddress + "troupes/");
        var card = page.GetByRole(AriaRole.Article, new() { Name = "controlled" });
        var answer = card.GetByRole(AriaRole.Status);
        ILocator Button(string name) => card.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

        await Button("Pause").ClickAsync();
        await Expect(Button("Resume")).ToBeVisibleAsync();
        Assert.That(troupe.IsPaused);
        await Button("Resume").ClickAsync();
        await Expect(Button("Pause")).ToBeVisibleAsync();
        Assert.That(troupe.IsPaused, Is.False);

        await Button("Resize…").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByLabel("Workers").FillAsync("5");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Resize" }).ClickAsync();
        await Expect(card.Locator("[data-as=most]")).ToHaveTextAsync("5");
        Assert.That(troupe.Workers, Is.EqualTo(5));

        await Button("Recycle…").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Recycle" }).ClickAsync();
        await Expect(card.Locator("[data-as=restarts]")).ToHaveTextAsync("1");

        var future = troupe.Submit(0);
        await Button("Cancel task…").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Go back" }).ClickAsync();
        await Button("Cancel task…").ClickAsync();
        Assert.That(future.IsCompleted, Is.False);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel the task" }).ClickAsync();
        await Expect(answer).ToHaveTextAsync("Done.");
        Assert.That(async () => await future.AsTask().WaitAsync(Site.Deadline), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Order_ThatIsRefused_IsExplainedInTheCard()
    {
        MayFailToLoad = true;
        var stage = await StageAsync(Scenes.Controlled(Scenes.Of([Scenes.Troupe(1, "a")])));
        stage.Answer = "That task does not run any more, or was asked to stop before.";
        var page = await OpenAsync(stage.Address);
        await Card(page, 1).GetByText("Cancel task…").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel the task" }).ClickAsync();
        await Expect(Card(page, 1).GetByRole(AriaRole.Status)).ToHaveTextAsync(stage.Answer);
        Assert.That(stage.Orders.Single().Body, Is.EqualTo("""{"troupe":1,"action":"cancel","worker":2,"task":4711}"""));
    }

    private static Action<TinyTroupeDashboardOptions> Only(string name) => options => options.Filter = one => one == name;
}
