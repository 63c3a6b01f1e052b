using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace TinyWorker.Dashboard.Tests.Example;

/// <summary>The example service does what its page and its comments say, from its start to its end.</summary>
[NonParallelizable]   // a whole service, with worker processes
[Platform(Include = "Linux")]   // /proc and signals
internal sealed class ExampleTests
{
    private const string Uploaded = "a file that somebody uploads";

    private static readonly string[] Links = ["readers to hashers", "readers to painters", "hashers to savers", "painters to savers"];

    private static readonly string[] Metrics =
    [
        "tinyworker_troupe=\"painters\"", "tinyworker_task_accepted", "tinyworker_task_ended", "tinyworker_task_wait_duration",
        "tinyworker_task_run_duration", "tinyworker_task_waiting", "tinyworker_task_running", "tinyworker_worker_count",
        "tinyworker_worker_restarts", "error_type=\"TinyWorker.WorkerCrashedException\"", "http_server_request_duration",
        "dotnet_gc_collections",
    ];

    [Test]
    public async Task Example_UnderItsOwnLoad_ServesEveryEndpointAndLeavesNothingBehind()
    {
        // Ends by itself if this test dies.
        using var service = await ExampleService.StartAsync("--seconds", "300");
        var http = service.Http;

        using var posted = await PostAsync(http, Uploaded);
        Assert.That(posted.StatusCode, Is.EqualTo(HttpStatusCode.Created), await posted.Content.ReadAsStringAsync());
        var answer = await posted.Content.ReadFromJsonAsync<JsonElement>();
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Uploaded)));
        Assert.That(answer.GetProperty("hash").GetString(), Is.EqualTo(hash));
        var picture = await http.GetByteArrayAsync(Address(answer.GetProperty("picture").GetString()!));
        Assert.That(Encoding.Latin1.GetString(picture), Does.StartWith("\x89PNG\r\n"));

        using var empty = await PostAsync(http, "");
        Assert.That(empty.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        using var crashing = await PostAsync(http, "CRASH");
        Assert.That(crashing.StatusCode, Is.EqualTo(HttpStatusCode.BadGateway));

        // The crash has cost two processes: for a moment no painter may be ready.
        await UntilAsync("what /health says", () => TextAsync(http, "/health"), text => text == "Healthy");
        await UntilAsync("what /metrics says", () => TextAsync(http, "/metrics"), text => Metrics.All(text.Contains));

        Assert.That(await http.GetStringAsync(Address("/")), Does.Contain("app.js"), "the dashboard, by a redirect");
        await using (await http.GetStreamAsync(Address("/troupes/events")))   // who feeds whom is only collected while somebody watches
        {
            await UntilAsync(
                "the state of the dashboard", () => TextAsync(http, "/troupes/state"),
                text => Links.All(LinksOf(JsonSerializer.Deserialize<JsonElement>(text)).Contains));
        }

        var children = service.Children();
        Assert.That(children, Is.Not.Empty, "worker processes");
        Assert.That(service.Folders, Has.Length.EqualTo(1), "its temporary folder");
        service.Terminate();
        await AssertEndsInOrderAsync(service);
        Assert.That(children.Where(child => Path.Exists($"/proc/{child}")), Is.Empty, "worker processes that outlive the service");
    }

    [Test]
    public async Task Example_ThatIsToldForHowLong_EndsByItself()
    {
        using var service = await ExampleService.StartAsync("--no-load", "--seconds", "0.1");
        await AssertEndsInOrderAsync(service);
    }

    private static async Task AssertEndsInOrderAsync(ExampleService service)
    {
        var (exitCode, output, errors) = await service.EndAsync();
        Assert.That(exitCode, Is.Zero, output + errors);
        Assert.That(errors, Is.Empty);
        Assert.That(service.Folders, Is.Empty, "what the service has left behind");
    }

    private static Uri Address(string path) => new(path, UriKind.Relative);

    private static Task<HttpResponseMessage> PostAsync(HttpClient http, string content) =>
        http.PostAsync(Address("/files"), new StringContent(content));

    private static IEnumerable<string> LinksOf(JsonElement state)
    {
        var names = state.GetProperty("troupes").EnumerateArray()
            .ToDictionary(troupe => troupe.GetProperty("id").GetInt32(), troupe => troupe.GetProperty("name").GetString());
        return state.GetProperty("links").EnumerateArray()
            .Select(link => $"{names[link.GetProperty("from").GetInt32()]} to {names[link.GetProperty("to").GetInt32()]}");
    }

    private static async Task<string> TextAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(Address(path));
        return await response.Content.ReadAsStringAsync();
    }

    // Asks again and again: nothing tells a client of the service when it will be so.
    private static async Task UntilAsync(string what, Func<Task<string>> ask, Predicate<string> condition)
    {
        var waited = Stopwatch.StartNew();
        for (var text = await ask(); !condition(text); text = await ask())
        {
            Assert.That(waited.Elapsed, Is.LessThan(ExampleService.Deadline), $"{what}: {text}");
            await Task.Delay(100);
        }
    }
}
