using System.Collections.Concurrent;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using TinyWorker.Dashboard.State;
using static Microsoft.Playwright.Assertions;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>Tests of the page in a browser. Each fails at any message on the console, and at any error of the page.</summary>
[Category("Browser")]
internal abstract class BrowserTests
{
    private readonly ConcurrentQueue<string> _complaints = [];
    private readonly List<IBrowserContext> _contexts = [];
    private readonly List<IAsyncDisposable> _servers = [];

    /// <summary>Whether the browser may report requests that failed: it does so by itself where a server is stopped or refuses.</summary>
    protected bool MayFailToLoad { get; set; }

    [SetUp]
    public void Begin() => MayFailToLoad = false;

    [TearDown]
    public async Task EndAsync()
    {
        foreach (var context in _contexts) await context.CloseAsync().WaitAsync(Site.Deadline);
        _contexts.Clear();
        foreach (var server in Enumerable.Reverse(_servers)) await server.DisposeAsync();
        _servers.Clear();
        string[] complaints = [.. _complaints.Where(complaint =>
            !MayFailToLoad || !complaint.Contains("Failed to load resource", StringComparison.Ordinal))];
        _complaints.Clear();
        Assert.That(complaints, Is.Empty);
    }

    /// <summary>A server that ends after the pages, which else would report that it has gone.</summary>
    protected T Own<T>(T server)
        where T : IAsyncDisposable
    {
        _servers.Add(server);
        return server;
    }

    protected async Task<Stage> StageAsync(DashboardState state, int port = 0) => Own(await Stage.StartAsync(state, port));

    /// <summary>Opens a page, and waits until it shows what the server has.</summary>
    protected async Task<IPage> OpenAsync(
        string address, int width = 1440, ColorScheme scheme = ColorScheme.Light, string? script = null, bool isLive = true)
    {
        var context = await BrowserSetUp.Browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce,
        }).WaitAsync(Site.Deadline);
        _contexts.Add(context);
        if (script is not null) await context.AddInitScriptAsync(script);
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout((float)Site.Deadline.TotalMilliseconds);
        page.Console += (_, message) => _complaints.Enqueue($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Dialog += (_, dialog) => _complaints.Enqueue($"A dialog: {dialog.Message}");
        await page.GotoAsync(address);
        if (isLive) await ShowsAsync(page, "Live");
        return page;
    }

    protected static Task ShowsAsync(IPage page, string word) =>
        Expect(page.Locator("header").GetByRole(AriaRole.Status)).ToHaveTextAsync(word);

    /// <summary>The card of a troupe.</summary>
    protected static ILocator Card(IPage page, int id) => page.Locator($"#t{id}");

    /// <summary>The figure of a troupe, by its name in the page's own markup.</summary>
    protected static ILocator Figure(IPage page, int id, string name) => Card(page, id).Locator($"[data-as={name}]");

    protected static async Task AssertAccessibleAsync(IPage page) => Assert.That(await ViolationsAsync(page), Is.Empty);

    /// <summary>What axe finds.</summary>
    protected static async Task<IReadOnlyList<string>> ViolationsAsync(IPage page)
    {
        var result = await page.RunAxe(new AxeRunOptions { ResultTypes = [ResultType.Violations] });
        return [.. result.Violations.Select(violation => $"{violation.Id}: {violation.Help}\n" + string.Join('\n', violation.Nodes.Take(5)
            .Select(node => $"  {node.Html} {node.Any.FirstOrDefault()?.Message}")))];
    }

    /// <summary>Nothing is wider than the window.</summary>
    protected static async Task AssertFitsAsync(IPage page) => Assert.That(
        await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - innerWidth"), Is.LessThanOrEqualTo(0),
        "wider than the window");
}
