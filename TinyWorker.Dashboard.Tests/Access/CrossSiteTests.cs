using System.Net;

namespace TinyWorker.Dashboard.Tests.Access;

internal sealed class CrossSiteTests
{
    private static readonly string[] Paths =
        ["/troupes/", "/troupes/app.js", "/troupes/style.css", "/troupes/icon.svg", "/troupes/state", "/troupes/events"];

    [Test]
    public async Task Request_FromAnotherSite_IsRefused(
        [ValueSource(nameof(Paths))] string path, [Values("cross-site", "same-site")] string site) =>
        Assert.That(await StatusAsync(path, ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "no-cors")), Is.EqualTo(HttpStatusCode.Forbidden));

    [Test]
    public async Task Request_FromThePageOrTyped_IsAnswered(
        [ValueSource(nameof(Paths))] string path, [Values("same-origin", "none")] string site) =>
        Assert.That(await StatusAsync(path, ("Sec-Fetch-Site", site)), Is.EqualTo(HttpStatusCode.OK));

    [Test]
    public async Task Link_OnAnotherSite_LeadsToThePage() => Assert.That(
        await StatusAsync("/troupes/", ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")),
        Is.EqualTo(HttpStatusCode.OK));

    [TestCase("/troupes/", "iframe")]
    [TestCase("/troupes/events", "document")]
    public async Task Navigation_ByAnotherSite_IsRefusedInFramesAndForEvents(string path, string destination) => Assert.That(
        await StatusAsync(path, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", destination)),
        Is.EqualTo(HttpStatusCode.Forbidden));

    [TestCase("http://example.com", HttpStatusCode.Forbidden)]
    [TestCase("null", HttpStatusCode.Forbidden)]
    [TestCase("http://here.example:81", HttpStatusCode.Forbidden)]
    [TestCase("http://here.example", HttpStatusCode.OK)]
    [TestCase("https://here.example", HttpStatusCode.OK)]   // a proxy ended TLS
    public async Task Request_OfABrowserThatOnlySendsOrigin_IsJudgedByIt(string origin, HttpStatusCode expected) =>
        Assert.That(await StatusAsync("/troupes/state", ("Origin", origin), ("Host", "here.example")), Is.EqualTo(expected));

    private static async Task<HttpStatusCode> StatusAsync(string path, params (string Name, string Value)[] headers)
    {
        await using var site = await Site.OpenAsync();
        using var response = await site.GetAsync(path, request =>
        {
            foreach (var (name, value) in headers) request.Headers.Add(name, value);
        });
        return response.StatusCode;
    }
}
