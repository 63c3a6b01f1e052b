using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TinyWorker.Examples;

internal static class Web
{
    private const int Requests = 300;

    public static async Task RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        // <sample>
        await using var models = new TinyTroupe<int, int>(AskAsync, new PoolTroupeOptions { Workers = 8, Capacity = 16 });

        app.MapGet("/answers/{question}", (int question, HttpContext http) => models.CallAsync(question, http.RequestAborted));

        static async Task<int> AskAsync(int question, CancellationToken token)
        {
            await Task.Delay(20, token);   // stands for a model
            return question * question;
        }
        // </sample>
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var answers = await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => client.GetStringAsync($"/answers/{i}")));
        Console.WriteLine($"{answers.Length} requests, the last answer is {answers[^1]}");
        await app.StopAsync();
    }
}
