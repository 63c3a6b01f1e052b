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

        // For a moment no worker of the painters may be ready: the crash has cost two processes.
        await UntilAsync(async () =>
        {
            using var health = await http.GetAsync(Address("/health"));
            return await health.Content.ReadAsStringAsync() == "Healthy";
        });
        var metrics = await http.GetStringAsync(Address("/metrics"));
        string[] names =
        [
            "tinyworker_task_accepted", "tinyworker_task_ended", "tinyworker_task_wait_duration", "tinyworker_task_run_duration",
            "tinyworker_task_waiting", "tinyworker_task_running", "tinyworker_worker_count", "tinyworker_worker_restarts",
            "http_server_request_duration", "dotnet_gc_collections",
        ];
        Assert.That(names.Where(name => !metrics.Contains(name, StringComparison.Ordinal)), Is.Empty, metrics);
        Assert.That(metrics, Does.Match("""tinyworker_task_ended\S*\{[^}]*tinyworker_troupe="painters"[^}]*\} [1-9]"""));

        Assert.That(await http.GetStringAsync(Address("/")), Does.Contain("app.js"), "the dashboard, by a redirect");
        await using (await http.GetStreamAsync(Address("/troupes/events")))   // who feeds whom is only collected while somebody watches
            await UntilAsync(async () => Links.All(LinksOf(await http.GetFromJsonAsync<JsonElement>(Address("/troupes/state"))).Contains));

        var children = service.Children();
        Assert.That(children, Has.Length.GreaterThanOrEqualTo(1), "worker processes");
        service.Terminate();
        var (exitCode, errors) = await service.EndAsync();
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(errors, Is.Empty);
        await Task.WhenAll(children.Select(child => child.WaitForExitAsync())).WaitAsync(ExampleService.Deadline);
        Assert.That(service.FilesLeftBehind, Is.Empty);
    }

    [Test]
    public async Task Example_ThatIsToldForHowLong_EndsByItself()
    {
        using var service = await ExampleService.StartAsync("--no-load", "--seconds", "0.1");
        var (exitCode, errors) = await service.EndAsync();
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(errors, Is.Empty);
        Assert.That(service.FilesLeftBehind, Is.Empty);
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

    // Asks again and again: nothing tells a client of the service when it will be so.
    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(ExampleService.Deadline);
        while (!await condition()) await Task.Delay(100, patience.Token);
    }
}
