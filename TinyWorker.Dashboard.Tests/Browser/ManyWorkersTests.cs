using static Microsoft.Playwright.Assertions;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>A thousand workers on the screen, all of which change with each tick.</summary>
[Category("Long")]
internal sealed class ManyWorkersTests : BrowserTests
{
    private const int Ticks = 8;
    private static readonly TimeSpan Bar = TimeSpan.FromMilliseconds(50);

    // Notes the longest time between two frames.
    private const string NotesFrames = """
        window.longest = 0;
        let last;
        const frame = now => {
          if (last) longest = Math.max(longest, now - last);
          last = now;
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
        """;

    [Test]
    public async Task Frames_WithAThousandWorkers_AreWithin50Milliseconds()
    {
        var stage = await StageAsync(Scenes.Thousand(0));
        var page = await OpenAsync(stage.Address, script: NotesFrames);
        await Expect(Card(page, 1).Locator("[data-as=key]")).ToContainTextAsync("2 hung");

        // Others who use the machine can only make frames longer: the shortest of several longest ones is what the page does by itself.
        var best = double.MaxValue;
        for (var round = 0; round < 10 && best > Bar.TotalMilliseconds; round++)
        {
            await page.EvaluateAsync("() => { longest = 0; }");
            for (var tick = 1; tick <= Ticks; tick++)
            {
                var state = Scenes.Thousand(round * Ticks + tick);
                stage.Send(state);
                await Expect(Figure(page, 1, "running")).ToHaveTextAsync($"{state.Troupes[0].Running}");
            }

            best = Math.Min(best, await page.EvaluateAsync<double>("() => longest"));
        }

        TestContext.Out.WriteLine($"The longest frame: {best:F1} ms.");
        Assert.That(best, Is.LessThanOrEqualTo(Bar.TotalMilliseconds));
    }
}
