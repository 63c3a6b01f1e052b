using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>Serves the page with states that are made by hand, so that what it shows is exact. Not the dashboard's own server.</summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>What the page has to live with; the dashboard's own server sends the same.</summary>
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly WebApplication _application;
    // Under _gate:
    private readonly Lock _gate = new();
    private readonly List<Channel<string>> _viewers = [];
    private TaskCompletionSource _changed = NewSource();   // ends when a viewer comes or goes
    private DashboardState _state;

    private Stage(DashboardState state, int port)
    {
        _state = state;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _application = builder.Build();
        _application.Urls.Add($"http://127.0.0.1:{port}");
        _application.Use((context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = Policy;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return next(context);
        });
        _application.MapGet("/", () => File("index.html", "text/html; charset=utf-8"));
        _application.MapGet("/app.js", () => File("app.js", "text/javascript; charset=utf-8"));
        _application.MapGet("/style.css", () => File("style.css", "text/css; charset=utf-8"));
        _application.MapGet("/icon.svg", () => File("icon.svg", "image/svg+xml"));
        _application.MapGet("/state", () =>
        {
            Interlocked.Increment(ref _statesTaken);
            return Refusal is { } refusal ? Results.Text(refusal.Text, statusCode: refusal.Status)
                : Results.Text(JsonSerializer.Serialize(Current, Json), "application/json");
        });
        _application.MapGet("/events", EventsAsync);
        _application.MapPost("/control", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            Orders.Enqueue((request.Headers["RequestVerificationToken"].ToString(), await reader.ReadToEndAsync()));
            return Answer is { } text ? Results.Text(text, statusCode: 409) : Results.NoContent();
        });
    }

    /// <summary>Ends in a slash.</summary>
    public string Address { get; private set; } = "";

    public int Port => new Uri(Address).Port;

    /// <summary>What `state` and `events` answer in the place of what they have; null if they do not.</summary>
    public (int Status, string Text)? Refusal { get; set; }

    /// <summary>Why orders are refused; null if they are not.</summary>
    public string? Answer { get; set; }

    /// <summary>The token and the body of each POST to `control`.</summary>
    public ConcurrentQueue<(string Token, string Body)> Orders { get; } = [];

    /// <summary>How often `state` was asked for.</summary>
    public int StatesTaken => Volatile.Read(ref _statesTaken);

    private int _statesTaken;

    private DashboardState Current
    {
        get
        {
            lock (_gate) return _state;
        }
    }

    public static async Task<Stage> StartAsync(DashboardState state, int port = 0)
    {
        var stage = new Stage(state, port);
        await stage._application.StartAsync();
        stage.Address = stage._application.Urls.Single() + "/";
        return stage;
    }

    /// <summary>Makes it the state, and sends it to every viewer as one event.</summary>
    public void Show(DashboardState state)
    {
        lock (_gate) _state = state;
        Send(state with { Token = null });
    }

    /// <summary>Sends it to every viewer, as it is.</summary>
    public void Send(DashboardState state)
    {
        var text = JsonSerializer.Serialize(state, Json);
        lock (_gate)
        {
            foreach (var viewer in _viewers) viewer.Writer.TryWrite(text);
        }
    }

    /// <summary>Ends every stream in order, as at the end of its time.</summary>
    public void EndStreams()
    {
        lock (_gate)
        {
            foreach (var viewer in _viewers) viewer.Writer.TryComplete();
        }
    }

    /// <summary>Ends when so many streams are open.</summary>
    public async Task WhenViewersAsync(int count)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_viewers.Count == count) return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(Site.Deadline);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Refusal = (503, "The application is stopping.");
        await _application.DisposeAsync().AsTask().WaitAsync(Site.Deadline);
    }

    private static IResult File(string name, string type)
    {
        var file = typeof(DashboardState).Assembly.GetManifestResourceStream(name);
        return Results.Stream(file ?? throw new InvalidOperationException($"The page has no file '{name}'."), type);
    }

    private async Task EventsAsync(HttpContext context)
    {
        if (Refusal is { } refusal)
        {
            await Results.Text(refusal.Text, statusCode: refusal.Status).ExecuteAsync(context);
            return;
        }

        var viewer = Channel.CreateUnbounded<string>();
        context.Response.ContentType = "text/event-stream";
        await context.Response.StartAsync();
        await context.Response.Body.FlushAsync();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _application.Lifetime.ApplicationStopping);
        Change(() => _viewers.Add(viewer));
        try
        {
            await foreach (var text in viewer.Reader.ReadAllAsync(end.Token))
            {
                await context.Response.WriteAsync($"data: {text}\n\n");
                await context.Response.Body.FlushAsync();
            }
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            Change(() => _viewers.Remove(viewer));
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Change(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            change();
            (changed, _changed) = (_changed, NewSource());
        }

        changed.SetResult();
    }
}
