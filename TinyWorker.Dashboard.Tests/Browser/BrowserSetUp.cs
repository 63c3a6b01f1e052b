using Microsoft.Playwright;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>One browser for all tests of the page; each test has contexts of its own in it.</summary>
[SetUpFixture]
internal sealed class BrowserSetUp
{
    private static IPlaywright? s_playwright;
    private static IBrowser? s_browser;

    public static IBrowser Browser => s_browser ?? throw new InvalidOperationException("There is no browser.");

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        if (Chromium.Path is null) Assert.Ignore(Chromium.HowToInstall);
        Assertions.SetDefaultExpectTimeout((float)Site.Deadline.TotalMilliseconds);
        s_playwright = await Playwright.CreateAsync().WaitAsync(Site.Deadline);
        s_browser = await Chromium.LaunchAsync(s_playwright).WaitAsync(Site.Deadline);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (s_browser is not null) await s_browser.CloseAsync().WaitAsync(Site.Deadline);
        s_playwright?.Dispose();
    }
}
