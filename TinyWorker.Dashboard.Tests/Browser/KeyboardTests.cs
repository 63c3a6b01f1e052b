using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>Everything can be reached and done with the keyboard, and the focus stays where it is.</summary>
internal sealed class KeyboardTests : BrowserTests
{
    private const string Focused =
        "() => (document.activeElement.closest('article')?.id ?? document.activeElement.closest('nav, section, header')?.localName)"
        + " + ' ' + (document.activeElement.dataset.as ?? document.activeElement.textContent)";

    [Test]
    public async Task TabKey_FromTheTop_ReachesEverythingInOrder()
    {
        var stage = await StageAsync(Scenes.Controlled(Scenes.Of(
            [Scenes.Troupe(1, "a"), Scenes.Troupe(2, "b") with { NeedsAttention = true }], [new(1, 2)])));
        var page = await OpenAsync(stage.Address);
        await Expect(Card(page, 2).GetByText("Resize…")).ToBeVisibleAsync();
        string[] controls = ["sentence", "Times and failures", "pause", "resize", "recycle", "cancel"];
        string[] expected =
        [
            "header hold", "nav b (Busy)", "section a (Busy)", "section b (Busy) waits for a",
            .. controls.Select(control => $"t1 {control}"), .. controls.Select(control => $"t2 {control}"),
        ];
        var reached = new List<string>();
        foreach (var _ in expected)
        {
            await page.Keyboard.PressAsync("Tab");
            reached.Add(await page.EvaluateAsync<string>(Focused));
            var outline = await page.EvaluateAsync<string>("() => getComputedStyle(document.activeElement).outlineStyle");
            Assert.That(outline, Is.Not.EqualTo("none"), reached[^1]);
        }

        Assert.That(reached, Is.EqualTo(expected));
    }

    [Test]
    public async Task Dialog_ByKeyboard_AsksAndGivesTheFocusBack()
    {
        var stage = await StageAsync(Scenes.Controlled(Scenes.Of([Scenes.Troupe(1, "a")])));
        var page = await OpenAsync(stage.Address);
        var resize = Card(page, 1).GetByRole(AriaRole.Button, new() { Name = "Resize…" });
        await resize.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Resize a" });
        await Expect(dialog.GetByLabel("Workers")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToBeHiddenAsync();
        await Expect(resize).ToBeFocusedAsync();
        Assert.That(stage.Orders, Is.Empty);
        await page.Keyboard.PressAsync("Enter");
        await dialog.GetByLabel("Workers").FillAsync("12");
        await page.Keyboard.PressAsync("Enter");
        await Expect(Card(page, 1).GetByRole(AriaRole.Status)).ToHaveTextAsync("Done.");
        Assert.That(stage.Orders.Single(), Is.EqualTo(("token", """{"troupe":1,"action":"resize","workers":12}""")));
    }

    [Test]
    public async Task Focus_WhileTroupesComeAndGo_Stays()
    {
        var stage = await StageAsync(Scenes.Of([Scenes.Troupe(2, "b"), Scenes.Troupe(4, "d")]));
        var page = await OpenAsync(stage.Address);
        var summary = Card(page, 4).Locator("summary").First;
        await summary.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        stage.Send(Scenes.Of([Scenes.Troupe(1, "a"), Scenes.Troupe(2, "b"), Scenes.Troupe(3, "c"), Scenes.Troupe(4, "d")]));
        await Expect(page.GetByRole(AriaRole.Article)).ToHaveCountAsync(4);
        await Expect(summary).ToBeFocusedAsync();
        stage.Send(Scenes.Of([Scenes.Troupe(4, "d") with { Waiting = 321 }, Scenes.Troupe(5, "e")]));
        await Expect(Figure(page, 4, "waiting")).ToHaveTextAsync("321");
        await Expect(summary).ToBeFocusedAsync();
        await Expect(Card(page, 4).GetByText("At that rate a task waits")).ToBeVisibleAsync();
    }
}
