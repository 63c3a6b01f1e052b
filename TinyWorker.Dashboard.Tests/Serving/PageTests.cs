using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;

namespace TinyWorker.Dashboard.Tests.Serving;

internal sealed class PageTests
{
    [TestCase("/troupes/", "text/html; charset=utf-8")]
    [TestCase("/troupes/app.js", "text/javascript; charset=utf-8")]
    [TestCase("/troupes/style.css", "text/css; charset=utf-8")]
    [TestCase("/troupes/icon.svg", "image/svg+xml")]
    public async Task File_AskedForAgain_IsNotSentAgain(string path, string type)
    {
        await using var site = await Site.OpenAsync();
        using var first = await site.GetAsync(path);
        using var again = await site.GetAsync(path, request => request.Headers.IfNoneMatch.Add(first.Headers.ETag!));
        using var other = await site.GetAsync(path, request => request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"x\"")));
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(first.Content.Headers.ContentType!.ToString(), Is.EqualTo(type));
            Assert.That(first.Headers.CacheControl!.ToString(), Is.EqualTo("no-cache, private").Or.EqualTo("private, no-cache"));
            Assert.That(await first.Content.ReadAsByteArrayAsync(), Has.Length.EqualTo(first.Content.Headers.ContentLength));
            Assert.That(first.Content.Headers.ContentLength, Is.GreaterThan(100));
            Assert.That(again.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
            Assert.That(await again.Content.ReadAsByteArrayAsync(), Is.Empty);
            Assert.That(other.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        });
    }

    [Test]
    public async Task File_ForABrowserThatTakesGzip_IsCompressed()
    {
        await using var site = await Site.OpenAsync();
        var plain = await site.Client.GetByteArrayAsync("/troupes/app.js");
        using var response = await site.GetAsync("/troupes/app.js", request => request.Headers.Add("Accept-Encoding", "br, gzip"));
        using var refused = await site.GetAsync("/troupes/app.js", request => request.Headers.Add("Accept-Encoding", "gzip;q=0"));
        Assert.That(response.Content.Headers.ContentEncoding, Is.EqualTo(new[] { "gzip" }));
        Assert.That(response.Headers.Vary, Does.Contain("Accept-Encoding"));
        Assert.That(refused.Content.Headers.ContentEncoding, Is.Empty);
        await using var raw = new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        var text = new MemoryStream();
        await raw.CopyToAsync(text);
        Assert.That(text.ToArray(), Is.EqualTo(plain));
    }

    // The bar: 10 kB compressed.
    [Test]
    public async Task Page_Compressed_IsLight()
    {
        await using var site = await Site.OpenAsync();
        var sizes = new List<long>();
        foreach (var path in new[] { "/troupes/", "/troupes/app.js", "/troupes/style.css", "/troupes/icon.svg" })
        {
            using var response = await site.GetAsync(path, request => request.Headers.Add("Accept-Encoding", "gzip"));
            sizes.Add(response.Content.Headers.ContentLength!.Value);
        }

        TestContext.Out.WriteLine($"{string.Join(" + ", sizes)} = {sizes.Sum()} bytes");
        Assert.That(sizes.Sum(), Is.LessThanOrEqualTo(14_000));
    }

    [TestCase("/troupes", "./troupes/")]
    [TestCase("/troupes?a=b&c", "./troupes/?a=b&c")]
    public async Task Page_WithoutItsSlash_IsRedirected(string path, string expected) =>
        Assert.That(await LocationAsync("", "/troupes", path), Is.EqualTo(expected));

    // Relative: a proxy may have cut a prefix that nobody here knows.
    [TestCase("/base/troupes", "/troupes", "./troupes/")]
    [TestCase("/base", "", "./base/")]
    [TestCase("/base/deep/er", "deep/er", "./er/")]
    [TestCase("/base/%3Ca:b%3E", "/{**name}", "./%3Ca:b%3E/")]
    public async Task Page_BehindAPathBase_IsRedirected(string path, string pattern, string expected) =>
        Assert.That(await LocationAsync("/base", pattern, path), Is.EqualTo(expected));

    [TestCase("")]
    [TestCase("/")]
    public async Task Page_AtTheRoot_IsServed(string pattern)
    {
        await using var site = await Site.StartAsync(application => application.MapTinyTroupes(pattern).AllowAnonymous());
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((await site.GetAsync("/")).Content.Headers.ContentType!.MediaType, Is.EqualTo("text/html"));
            Assert.That((await site.GetAsync("/state")).Content.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
        });
    }

    [Test]
    public async Task Answers_Whatever_HaveTheHeadersOfSafety()
    {
        await using var site = await Site.StartAsync(application =>
        {
            application.MapTinyTroupes("/troupes", options => options.AllowControl = true).AllowAnonymous();
            application.MapTinyTroupes("/refused");
        });
        var paths = new[] { "", "/", "/app.js", "/style.css", "/icon.svg", "/state", "/events" };
        foreach (var path in paths.Select(path => "/troupes" + path).Concat(paths.Select(path => "/refused" + path)))
        {
            using var response = await site.GetAsync(path);
            AssertSafe(response, path);
            if (path is "/troupes/state" or "/troupes/events" || path.StartsWith("/refused", StringComparison.Ordinal))
                Assert.That(response.Headers.CacheControl!.NoStore, Is.True, path);
        }

        using var posted = await site.SendAsync(HttpMethod.Post, "/troupes/control");
        AssertSafe(posted, "control");
    }

    [Test]
    public async Task Head_OfThePage_HasNoBody()
    {
        await using var site = await Site.OpenAsync();
        foreach (var path in new[] { "/troupes/", "/troupes/state", "/troupes/app.js" })
        {
            using var response = await site.SendAsync(HttpMethod.Head, path);
            Assert.That(response.Content.Headers.ContentLength, Is.GreaterThan(0), path);
            Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.Empty, path);
        }
    }

    private static void AssertSafe(HttpResponseMessage response, string path)
    {
        string Header(string name) => string.Join(", ", response.Headers.TryGetValues(name, out var values) ? values : ["nothing"]);
        Assert.Multiple(() =>
        {
            Assert.That(
                Header("Content-Security-Policy"),
                Is.EqualTo("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
                    + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"), path);
            Assert.That(Header("X-Content-Type-Options"), Is.EqualTo("nosniff"), path);
            Assert.That(Header("X-Frame-Options"), Is.EqualTo("DENY"), path);
            Assert.That(Header("Referrer-Policy"), Is.EqualTo("no-referrer"), path);
            Assert.That(Header("Cross-Origin-Resource-Policy"), Is.EqualTo("same-origin"), path);
        });
    }

    private static async Task<string?> LocationAsync(string pathBase, string pattern, string path)
    {
        await using var site = await Site.StartAsync(application =>
        {
            if (pathBase.Length > 0) application.UsePathBase(pathBase);
            application.UseRouting();
            application.MapTinyTroupes(pattern).AllowAnonymous();
        });
        using var response = await site.GetAsync(path);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Found));
        return response.Headers.Location!.OriginalString;
    }
}
