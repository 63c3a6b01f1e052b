using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace TinyWorker.Dashboard.Serving;

/// <summary>A file of the page, embedded in this assembly. It is read and compressed once, when first asked for. Thread-safe.</summary>
internal sealed class PageFile
{
    public static readonly PageFile Index = new("index.html", "text/html; charset=utf-8");
    public static readonly PageFile Script = new("app.js", "text/javascript; charset=utf-8");
    public static readonly PageFile Style = new("style.css", "text/css; charset=utf-8");
    public static readonly PageFile Icon = new("icon.svg", "image/svg+xml");

    private readonly string _type;
    private readonly Lazy<(byte[] Raw, byte[] Compressed, EntityTagHeaderValue Tag)> _content;

    private PageFile(string name, string type)
    {
        _type = type;
        _content = new(() => Read(name));
    }

    public async Task ServeAsync(HttpContext context)
    {
        var (raw, compressed, tag) = _content.Value;
        var (request, response) = (context.Request, context.Response);
        var headers = response.GetTypedHeaders();
        headers.ETag = tag;
        // Asked again each time, so that another version is there at once, and nobody sees it from a cache who may not see it now
        response.Headers.CacheControl = "private, no-cache";
        response.Headers.Vary = "Accept-Encoding";
        if (request.GetTypedHeaders().IfNoneMatch.Any(one => one == EntityTagHeaderValue.Any || one.Compare(tag, false)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var isCompressed = TakesGzip(request);
        if (isCompressed) response.Headers.ContentEncoding = "gzip";
        var body = isCompressed ? compressed : raw;
        response.ContentType = _type;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(request.Method)) await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static bool TakesGzip(HttpRequest request) =>
        request.GetTypedHeaders().AcceptEncoding
            .Any(static one => one.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && one.Quality != 0);

    private static (byte[] Raw, byte[] Compressed, EntityTagHeaderValue Tag) Read(string name)
    {
        using var file = typeof(PageFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException(
                $"The assembly of TinyWorker.Dashboard has no file '{name}'. Build it from all its files.");
        using var raw = new MemoryStream();
        file.CopyTo(raw);
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize)) gzip.Write(raw.GetBuffer(), 0, (int)raw.Length);
        var bytes = raw.ToArray();
        // Weak: the tag is the same whether the file is compressed or not
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 12))}\"", isWeak: true);
        return (bytes, compressed.ToArray(), tag);
    }
}
