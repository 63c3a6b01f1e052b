using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TinyWorker.Dashboard.Access;
using TinyWorker.Dashboard.State;
using TinyWorker.Dashboard.Streaming;

namespace TinyWorker.Dashboard.Serving;

/// <summary>One dashboard: its endpoints, and what they share. Nothing of it runs before somebody comes.</summary>
internal sealed class Endpoints
{
    private static readonly string[] Get = [HttpMethods.Get];
    private static readonly string[] GetAndHead = [HttpMethods.Get, HttpMethods.Head];
    private static readonly string[] Post = [HttpMethods.Post];

    private readonly DashboardSettings _settings;
    private readonly Audience _audience;
    private readonly EventStream _events;
    private readonly ControlToken _token = new();
    private readonly Control _control;
    private readonly Gate _gate;
    private readonly CancellationToken _stopping;

    private Endpoints(IServiceProvider services, string pattern, DashboardSettings settings)
    {
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("TinyWorker.Dashboard");
        var clock = services.GetService<TimeProvider>() ?? TimeProvider.System;
        _settings = settings;
        _stopping = services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        _audience = new Audience(settings, clock, logger);
        _events = new EventStream(_audience, settings, clock, _stopping);
        _control = new Control(_audience, _token, logger);
        _gate = new Gate(pattern, services.GetRequiredService<IHostEnvironment>().IsDevelopment(), logger);
    }

    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string pattern, TinyTroupeDashboardOptions options)
    {
        var services = endpoints.ServiceProvider;
        var settings = DashboardSettings.Of(options, services.GetRequiredService<IHostEnvironment>());
        var dashboard = new Endpoints(services, pattern, settings);
        var group = endpoints.MapGroup(pattern);
        group.WithMetadata(new EvaluationProof(), new OutputCacheAttribute { NoStore = true });
        dashboard.MapTo(group);
        return group;
    }

    private void MapTo(RouteGroupBuilder group)
    {
        Map("", GetAndHead, PageAsync, mayNavigate: true);
        Map("app.js", GetAndHead, (context, _) => PageFile.Script.ServeAsync(context), mayNavigate: true);
        Map("style.css", GetAndHead, (context, _) => PageFile.Style.ServeAsync(context), mayNavigate: true);
        Map("icon.svg", GetAndHead, (context, _) => PageFile.Icon.ServeAsync(context), mayNavigate: true);
        Map("state", GetAndHead, StateAsync, mayNavigate: true);
        // A stream is long, and no measure of how fast the application answers.
        Map("events", Get, _events.ServeAsync, mayNavigate: false).WithMetadata(new DisableRequestTimeoutAttribute()).DisableHttpMetrics();
        if (_settings.AllowControl) Map("control", Post, _control.ServeAsync, mayNavigate: false);

        IEndpointConventionBuilder Map(string path, string[] methods, Func<HttpContext, Admission, Task> endpoint, bool mayNavigate) =>
            group.MapMethods("/" + path, methods, _gate.Guard(endpoint, mayNavigate)).WithDisplayName($"Troupes: /{path}");
    }

    // The links of the page are relative to "troupes/", so that it works behind a path base, and behind a proxy that cuts a prefix.
    private static Task PageAsync(HttpContext context, Admission admission)
    {
        var request = context.Request;
        var path = (request.PathBase + request.Path).ToUriComponent();
        if (path.EndsWith('/')) return PageFile.Index.ServeAsync(context);
        context.Response.StatusCode = StatusCodes.Status302Found;
        context.Response.Headers.Location = $"./{path[(path.LastIndexOf('/') + 1)..]}/{request.QueryString}";
        return Task.CompletedTask;
    }

    private async Task StateAsync(HttpContext context, Admission admission)
    {
        var response = context.Response;
        if (_stopping.IsCancellationRequested)
        {
            response.Headers.RetryAfter = "10";
            await Answer.WithAsync(context, StatusCodes.Status503ServiceUnavailable, Texts.IsStopping);
            return;
        }

        var mayControl = _settings.AllowControl && admission >= Admission.Developer;
        var state = _audience.Now(mayControl, mayControl ? _token.For(context.User) : null);
        var json = JsonSerializer.SerializeToUtf8Bytes(state, DashboardJson.Default.DashboardState);
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = json.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(json, context.RequestAborted);
    }
}
