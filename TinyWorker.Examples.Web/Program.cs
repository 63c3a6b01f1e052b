// A small service on four troupes. A file goes in; its hash and a picture of its bytes come out:
//
//     readers ─┬─ hashers  ─┬─ savers
//              └─ painters ─┘          (each worker of "painters" is a process)
//
//     --no-load       no files but those that you send
//     --seconds N     ends by itself
using System.Net;
using System.Net.Sockets;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using TinyWorker.Examples.Web;
using TinyWorker.Hosting;

const string NoLoad = "--no-load";
const int Port = 5080;

var builder = WebApplication.CreateBuilder([.. args.Where(argument => argument != NoLoad)]);
if (builder.Configuration["urls"] is null) builder.WebHost.UseUrls($"http://127.0.0.1:{(IsFree(Port) ? Port : 0)}");   // 0: any that is free

// <sample>
// The troupes. The section TinyTroupes of appsettings.json tunes them without code.
builder.Services
    // A function. An asynchronous one runs on the shared thread pool.
    .AddTinyTroupe<string, byte[]>("readers", (services, path, token) => File.ReadAllBytesAsync(path, token))
    // A worker class. The container makes each worker, in a scope that ends with the worker.
    .AddTinyTroupe<byte[], string, Hasher>("hashers")
    // Worker processes. Their code cannot use the container of this process, so they are made by hand.
    .AddTinyTroupe<byte[], byte[]>(
        "painters", (services, options) => new(Picture.Paint, options), settings => settings.Backend = TroupeBackend.Processes)
    // A function again, which uses a service of its scope: there is a scope for each task.
    .AddTinyTroupe<(string Hash, byte[] Picture), string>(
        "savers", (services, file, token) => services.GetRequiredService<Catalog>().SaveAsync(file.Hash, file.Picture, token));
builder.Services.AddHealthChecks().AddTinyTroupes();
// </sample>
builder.Services.AddOpenTelemetry()
    .WithMetrics(metrics => metrics
        .AddMeter("TinyWorker").AddAspNetCoreInstrumentation().AddRuntimeInstrumentation().AddPrometheusExporter())
    // With an exporter of your choice, each request is a trace with a span for each of its tasks.
    .WithTracing(traces => traces.AddSource("TinyWorker").AddAspNetCoreInstrumentation());

builder.Services.AddSingleton<Workspace>().AddScoped<Catalog>().AddSingleton<Intake>();
builder.Services.AddExceptionHandler<TroupeExceptionHandler>().AddProblemDetails();
if (!args.Contains(NoLoad)) builder.Services.AddHostedService<Load>();

await using var app = builder.Build();
app.UseExceptionHandler();
app.MapGet("/", () => Results.Redirect("troupes/"));
app.MapPrometheusScrapingEndpoint("/metrics");
// <sample>
app.MapHealthChecks("/health");   // for readiness: 503 while a troupe starts, is broken or stops
// The dashboard. In Development this machine may see it. Elsewhere it answers 403 until you add RequireAuthorization().
app.MapTinyTroupes("/troupes", options => options.AllowControl = true);
// </sample>

// curl --data-binary @README.md http://127.0.0.1:5080/files
app.MapPost("/files", async (HttpRequest request, Workspace workspace, Intake intake, CancellationToken aborted) =>
{
    var path = workspace.NewUpload();
    try
    {
        await using (var file = File.Create(path)) await request.Body.CopyToAsync(file, aborted);
        var hash = await intake.TakeAsync(path, aborted);
        var picture = $"/files/{hash}.png";
        return Results.Created(picture, new { hash, picture });
    }
    catch (InvalidDataException exception)   // as the troupe's code has thrown it, in another process
    {
        return Results.Problem(exception.Message, statusCode: StatusCodes.Status400BadRequest);
    }
    finally
    {
        File.Delete(path);
    }
});
app.MapGet("/files/{hash:regex(^[0-9A-F]{{64}}$)}.png", (string hash, Workspace workspace) =>
    File.Exists(workspace.PictureOf(hash)) ? Results.File(workspace.PictureOf(hash), "image/png") : Results.NotFound());

await app.StartAsync();   // waits until every troupe is ready
Console.WriteLine($"The troupes are at {app.Urls.First()}/troupes/ (Ctrl-C ends)");

using var end = new CancellationTokenSource();
if (builder.Configuration.GetValue<double?>("seconds") is { } seconds) end.CancelAfter(TimeSpan.FromSeconds(seconds));
await app.WaitForShutdownAsync(end.Token);   // Ctrl-C or SIGTERM: requests get their answers, then the troupes drain

static bool IsFree(int port)
{
    try
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return true;
    }
    catch (SocketException)
    {
        return false;
    }
}
