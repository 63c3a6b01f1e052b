using System.Collections.Concurrent;

namespace TinyWorker.Examples;

internal static class Crawl
{
    private static readonly Dictionary<string, string[]> Pages = new()
    {
        ["home"] = ["news", "shop"],
        ["news"] = ["home", "archive"],
        ["shop"] = ["home", "lost"],
        ["archive"] = [],
    };

    public static async Task RunAsync()
    {
        // <sample>
        var seen = new ConcurrentDictionary<string, string>();
        TinyTroupe<string, bool>? visitors = null;
        visitors = new(VisitAsync, new() { Workers = 4 });

        seen["home"] = "fine";
        await visitors.SubmitAsync("home");
        await visitors.CompleteAsync();   // until no page is left; then the troupe is disposed

        foreach (var (page, result) in seen.OrderBy(pair => pair.Key, StringComparer.Ordinal)) Console.WriteLine($"{page}: {result}");

        async Task<bool> VisitAsync(string page, CancellationToken token)
        {
            try
            {
                foreach (var link in await LinksOfAsync(page, token))
                    if (seen.TryAdd(link, "fine")) await visitors!.SubmitAsync(link, CancellationToken.None);
                return true;
            }
            catch (IOException exception)
            {
                seen[page] = exception.Message;
                return false;
            }
        }
        // </sample>
    }

    private static async Task<string[]> LinksOfAsync(string page, CancellationToken token)
    {
        await Task.Delay(1, token);
        return Pages.GetValueOrDefault(page) ?? throw new IOException("no such page");
    }
}
