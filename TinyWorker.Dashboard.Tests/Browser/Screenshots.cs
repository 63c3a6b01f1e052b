using Microsoft.Playwright;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>Takes a picture of each scene in each width, light and dark: `screenshots &lt;folder&gt; [scene]`.</summary>
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
                    await using var context = await browser.NewContextAsync(new()
                    {
                        ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce,
                    });
                    var page = await context.NewPageAsync();
                    await page.GotoAsync(stage.Address);
                    await Assertions.Expect(page.GetByRole(AriaRole.Status).First).ToHaveTextAsync("Live");
                    await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{width}-{scheme}.png".ToLowerInvariant()), FullPage = true });
                }
            }
        }
        return 0;
    }
}
