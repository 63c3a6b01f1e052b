using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>How the page follows its server: reconnecting, pausing, and taking nothing while nobody looks.</summary>
internal sealed class ConnectionTests : BrowserTests
{
    // Notes each word that the page says of its connection.
    private const string NotesWords = """
        window.words = [];
        addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
          const word = document.querySelector('[data-as=word]').textContent;
          if (word !== words.at(-1)) words.push(word);
        }).observe(document.querySelector('[role=status]'), { subtree: true, childList: true, characterData: true }));
        """;

    // A headless browser takes every page for visible.
    private const string CanHide = """
        let visibility = 'visible';
        Object.defineProperty(document, 'visibilityState', { get: () => visibility });
        window.see = now => { visibility = now; document.dispatchEvent(new Event('visibilitychange')); };
        """;

    [Test]
    public async Task Server_RestartedOnItsPort_IsFoundAgain()
    {
        MayFailToLoad = true;
        int port;
        IPage page;
        await using (var first = await Stage.StartAsync(Scenes.Of([Scenes.Troupe(1, "before")])))
        {
            port = first.Port;
            page = await OpenAsync(first.Address);
            await first.WhenViewersAsync(1);
        }

        await ShowsAsync(page, "Lost");
        await Expect(page.GetByText("The application does not answer. These figures are of ")).ToBeVisibleAsync();
        await Expect(Card(page, 1)).ToContainTextAsync("before");
        _ = await StageAsync(Scenes.Of([Scenes.Troupe(7, "after")]), port);
        await ShowsAsync(page, "Live");
        await Expect(page.GetByRole(AriaRole.Article)).ToHaveCountAsync(1);
        await Expect(Card(page, 7)).ToContainTextAsync("after");
        await Expect(page.GetByText("does not answer")).ToBeHiddenAsync();
    }

    [Test]
    public async Task Stream_AtTheEndOfItsTime_IsFollowedByAnotherWithoutAWord()
    {
        var stage = await StageAsync(Scenes.Of([Scenes.Troupe(1, "a")]));
        var page = await OpenAsync(stage.Address, script: NotesWords);
        await stage.WhenViewersAsync(1);
        for (var i = 2; i <= 3; i++)
        {
            stage.EndStreams();
            await stage.WhenViewersAsync(0);
            await stage.WhenViewersAsync(1);
            Assert.That(stage.StatesTaken, Is.EqualTo(i));
        }

        stage.Send(Scenes.Of([Scenes.Troupe(1, "a") with { Waiting = 555 }]));
        await Expect(Figure(page, 1, "waiting")).ToHaveTextAsync("555");
        Assert.That(await page.EvaluateAsync<string[]>("() => words"), Is.SubsetOf(new[] { "Connecting", "Live" }));
    }

    [TestCase(403, "", "You may not see the troupes. Reload the page.")]
    [TestCase(403, "Not you.", "Not you.")]
    [TestCase(503, "As many are watching as may. Try again later.", "As many are watching as may. Try again later.")]
    [TestCase(500, "", "The application does not answer.")]
    public async Task Server_ThatRefuses_IsQuotedAndAskedAgain(int status, string text, string shown)
    {
        MayFailToLoad = true;
        var stage = await StageAsync(Scenes.Of([]));
        stage.Refusal = (status, text);
        var page = await OpenAsync(stage.Address, isLive: false);
        await ShowsAsync(page, "Lost");
        await Expect(page.GetByText($"{shown} Trying again.")).ToBeVisibleAsync();
        stage.Refusal = null;
        await ShowsAsync(page, "Live");
    }

    [Test]
    public async Task Tab_ThatIsHidden_TakesNothingUntilItIsSeen()
    {
        var stage = await StageAsync(Scenes.Of([Scenes.Troupe(1, "a")]));
        var page = await OpenAsync(stage.Address, script: CanHide);
        await stage.WhenViewersAsync(1);
        await page.EvaluateAsync("() => see('hidden')");
        await stage.WhenViewersAsync(0);
        stage.Show(Scenes.Of([Scenes.Troupe(2, "b")]));
        await Expect(Card(page, 1)).ToBeVisibleAsync();
        Assert.That(stage.StatesTaken, Is.EqualTo(1));
        await page.EvaluateAsync("() => see('visible')");
        await stage.WhenViewersAsync(1);
        await Expect(Card(page, 2)).ToBeVisibleAsync();
        Assert.That(stage.StatesTaken, Is.EqualTo(2));
    }

    [Test]
    public async Task Page_Paused_TakesNothingUntilItGoesOn()
    {
        var stage = await StageAsync(Scenes.Of([Scenes.Troupe(1, "a")]));
        var page = await OpenAsync(stage.Address, script: CanHide);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await ShowsAsync(page, "Paused");
        await stage.WhenViewersAsync(0);
        await page.EvaluateAsync("() => { see('hidden'); see('visible'); }");
        await ShowsAsync(page, "Paused");
        Assert.That(stage.StatesTaken, Is.EqualTo(1));
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await ShowsAsync(page, "Live");
        await stage.WhenViewersAsync(1);
    }
}
