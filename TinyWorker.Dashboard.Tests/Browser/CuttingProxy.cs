using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>A reverse proxy that cuts a prefix from the path, and does not tell the server behind it.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private readonly WebApplication _application;
    private readonly string _prefix;
    private readonly Uri _behind;

    private CuttingProxy(string prefix, Uri behind)
    {
        (_prefix, _behind) = (prefix, behind);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _application = builder.Build();
        _application.Urls.Add("http://127.0.0.1:0");
        _application.Run(ForwardAsync);
    }

    /// <summary>Ends in a slash.</summary>
    public string Address => _application.Urls.Single() + "/";

    public static async Task<CuttingProxy> StartAsync(string prefix, Uri behind)
    {
        var proxy = new CuttingProxy(prefix, behind);
        await proxy._application.StartAsync().WaitAsync(Site.Deadline);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync().AsTask().WaitAsync(Site.Deadline);
        _client.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(_prefix, out var rest))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var address = new Uri(_behind, rest + context.Request.QueryString);
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), address);
        foreach (var (name, values) in context.Request.Headers)
            if (name is not "Host") request.Headers.TryAddWithoutValidation(name, [.. values]);
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
                if (name is not "Transfer-Encoding") context.Response.Headers[name] = values.ToArray();
            var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
            var buffer = new byte[4096];
            for (int read; (read = await body.ReadAsync(buffer, context.RequestAborted)) > 0;)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
        }
    }
}
