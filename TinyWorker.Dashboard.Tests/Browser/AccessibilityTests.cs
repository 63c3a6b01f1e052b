using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>In every state, light and dark, axe finds nothing, and the page fits into the window.</summary>
[Category("Long")]
internal sealed class AccessibilityTests : BrowserTests
{
    private static IEnumerable<string> SceneNames => Scenes.All.Keys;

    [Test]
    public async Task Page_EachScene_FitsAndAxeFindsNothing(
        [ValueSource(nameof(SceneNames))] string scene, [Values(ColorScheme.Light, ColorScheme.Dark)] ColorScheme scheme)
    {
        var stage = await StageAsync(Scenes.All[scene]());
        var page = await OpenAsync(stage.Address, scheme: scheme);
        await AssertAccessibleAsync(page);
        foreach (var width in new[] { 1440, 768, 360 })
        {
            await page.SetViewportSizeAsync(width, 900);
            await AssertFitsAsync(page);
        }
    }

    [Test]
    public async Task Axe_OfAPageWithAFault_FindsIt()
    {
        var stage = await StageAsync(Scenes.Of([]));
        var page = await OpenAsync(stage.Address);
        await page.EvaluateAsync("() => document.querySelector('header img').removeAttribute('alt')");
        Assert.That(await ViolationsAsync(page), Has.Count.EqualTo(1).And.One.StartsWith("image-alt"));
    }

    [Test]
    public async Task Page_NarrowAndAllOpen_AxeFindsNothing([Values(ColorScheme.Light, ColorScheme.Dark)] ColorScheme scheme)
    {
        var stage = await StageAsync(Scenes.Controlled(Scenes.Trouble()));
        var page = await OpenAsync(stage.Address, 360, scheme);
        foreach (var summary in await page.Locator(".why summary").AllAsync()) await summary.ClickAsync();
        await AssertAccessibleAsync(page);
        await AssertFitsAsync(page);
    }

    [Test]
    public async Task Page_LostPausedAndAsking_AxeFindsNothing([Values(ColorScheme.Light, ColorScheme.Dark)] ColorScheme scheme)
    {
        MayFailToLoad = true;
        var stage = await StageAsync(Scenes.Controlled(Scenes.Eight()));
        var page = await OpenAsync(stage.Address, scheme: scheme);
        stage.Refusal = (503, "As many are watching as may. Try again later.");
        stage.EndStreams();
        await ShowsAsync(page, "Lost");
        await AssertAccessibleAsync(page);
        await page.Locator("header").GetByRole(AriaRole.Button).ClickAsync();
        await ShowsAsync(page, "Paused");
        await AssertAccessibleAsync(page);
        await Card(page, 2).GetByText("Resize…").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await AssertAccessibleAsync(page);
    }
}
