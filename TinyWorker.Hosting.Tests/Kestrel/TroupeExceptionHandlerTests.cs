using System.Net;
using Microsoft.AspNetCore.Builder;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>
/// The exception handler of docs/hosting.md. RequestTests and ShutdownTests have the requests whose client is gone, and whose host stops.
/// </summary>
internal sealed class TroupeExceptionHandlerTests
{
    [Test]
    public async Task Request_WhoseWorkerProcessDies_IsAnswered502() =>
        await AnswerAsync(
            services => services.AddTinyTroupe<int, int>(
                "troupe", (_, options) => new TinyTroupe<int, int>(Exit, options), settings =>
                {
                    settings.Backend = TroupeBackend.Processes;
                    settings.Workers = 1;
                }),
            HttpStatusCode.BadGateway);

    [Test]
    public async Task Request_ToATroupeWithoutWorkers_IsAnswered503() =>
        await AnswerAsync(
            services => services.AddTinyTroupe<int, int, Unmakable>("troupe", settings => settings.WaitUntilReady = false),
            HttpStatusCode.ServiceUnavailable);

    [Test]
    public async Task Request_ToATroupeThatIsStopped_IsAnswered503() =>
        await AnswerAsync(Square, HttpStatusCode.ServiceUnavailable, troupe => troupe.DisposeAsync().AsTask());

    [Test]
    public async Task Request_WhoseTaskTakesTooLong_IsAnswered504() =>
        await AnswerAsync(
            services => services.AddTinyTroupe<int, int>(
                "troupe",
                async (_, x, token) =>
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, token);
                    return x;
                },
                settings => settings.TaskTimeout = TimeSpan.FromMilliseconds(20)),
            HttpStatusCode.GatewayTimeout);

    [Test]
    public async Task Request_WhoseTaskIsCancelledByAnother_IsAnswered503() =>
        await AnswerAsync(
            services => services.AddTinyTroupe<int, int>(
                "troupe",
                async (inside, x, token) =>
                {
                    inside.GetRequiredService<Troupes>().Troupe!.Abort();
                    await Task.Delay(Timeout.InfiniteTimeSpan, token);
                    return x;
                }).AddSingleton<Troupes>(),
            HttpStatusCode.ServiceUnavailable);

    [Test]
    public async Task Request_WhoseTaskFaults_IsAnswered500WithoutTheTextOfItsException() =>
        await AnswerAsync(
            services => services.AddTinyTroupe<int, int>("troupe", (_, x, _) => x >= 0 ? throw new FormatException("a secret") : x),
            HttpStatusCode.InternalServerError);

    private static int Exit(int x)
    {
        Environment.Exit(3);
        return x;
    }

    private static void Square(IServiceCollection services) => services.AddTinyTroupe<int, int>("troupe", (_, x, _) => x * x);

    private static async Task AnswerAsync(
        Action<IServiceCollection> addTroupe, HttpStatusCode status, Func<ITroupe, Task>? before = null)
    {
        await using var site = await Site.StartAsync(
            addTroupe,
            app => app.MapGet("{x}", (int x, ITinyTroupe<int, int> troupe, IServiceProvider services, CancellationToken aborted) =>
            {
                if (services.GetService<Troupes>() is { } troupes) troupes.Troupe = troupe;
                return troupe.CallAsync(x, aborted);
            }));
        if (before is not null) await before(site.Troupe<int, int>("troupe")).WaitAsync(Site.Deadline);

        var answer = await site.GetAsync("1");

        Assert.That(answer.Status, Is.EqualTo(status));
        Assert.That(answer.RetryAfter is not null, Is.EqualTo(status == HttpStatusCode.ServiceUnavailable), "Retry-After");
        Assert.That(answer.Text, Does.Contain($"\"status\":{(int)status}").And.Not.Contains("secret"));
    }

    private sealed class Troupes
    {
        public ITroupe? Troupe { get; set; }
    }

    private sealed class Unmakable : TinyWorker<int, int>
    {
        public Unmakable() => throw new FormatException("a secret");

        public override int Call(int input, CancellationToken cancellationToken) => input;
    }
}
