using Microsoft.Playwright;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>
/// Takes pictures: `screenshots &lt;folder&gt; [scene]`. Without a scene, of all of them, and the two of the documentation (`docs`).
/// </summary>
internal static class Screenshots
{
    public static async Task<int> TakeAsync(string folder, string? only)
    {
        Directory.CreateDirectory(folder);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        foreach (var (name, scene) in Scenes.All)
        {
            if (only is not null && only != name) continue;
            await using var stage = await Stage.StartAsync(scene());
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                foreach (var width in new[] { 1440, 768, 360 })
                {
                    var path = Path.Combine(folder, $"{name}-{width}-{scheme}.png".ToLowerInvariant());
                    await TakeAsync(browser, stage, path, width, null, scheme);
                }
            }
        }

        if (only is not null and not "docs") return 0;
        await using var eight = await Stage.StartAsync(Scenes.Eight());
        await TakeAsync(browser, eight, Path.Combine(folder, "dashboard.png"), 1440, 1334, ColorScheme.Light);
        await using var trouble = await Stage.StartAsync(Scenes.Trouble());
        await TakeAsync(browser, trouble, Path.Combine(folder, "dashboard-dark.png"), 400, 1080, ColorScheme.Dark);
        return 0;
    }

    // Without a height, of all of the page
    private static async Task TakeAsync(IBrowser browser, Stage stage, string path, int width, int? height, ColorScheme scheme)
    {
        await using var context = await browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = height ?? 900 }, ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce,
        });
        var page = await context.NewPageAsync();
        await page.GotoAsync(stage.Address);
        await Assertions.Expect(page.Locator("header").GetByRole(AriaRole.Status)).ToHaveTextAsync("Live");
        if (height is null)
        {
            // Cards outside the window are not drawn.
            await page.SetViewportSizeAsync(width, 10_000);
            await page.SetViewportSizeAsync(width, await page.EvaluateAsync<int>("() => document.body.offsetHeight"));
        }

        await page.ScreenshotAsync(new() { Path = path });
    }
}
