using Microsoft.Playwright;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>Debian's chromium, or the one that $CHROMIUM names.</summary>
internal static class Chromium
{
    public const string HowToInstall =
        "There is no chromium at /usr/bin/chromium, and $CHROMIUM names none. Install it with: apt-get install chromium";

    /// <summary>Null if there is none.</summary>
    public static string? Path { get; } =
        new[] { Environment.GetEnvironmentVariable("CHROMIUM"), "/usr/bin/chromium" }.FirstOrDefault(path => File.Exists(path));

    public static Task<IBrowser> LaunchAsync(IPlaywright playwright) => playwright.Chromium.LaunchAsync(new()
    {
        ExecutablePath = Path,
        Args = Environment.IsPrivilegedProcess ? ["--no-sandbox"] : [],   // chromium refuses to sandbox what root runs
    });
}
