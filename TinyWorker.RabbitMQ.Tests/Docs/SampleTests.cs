using Microsoft.Extensions.DependencyInjection;

namespace TinyWorker.RabbitMQ.Tests.Docs;

/// <summary>The samples of the READMEs of the two packages run.</summary>
internal sealed class SampleTests
{
    [Test]
    public async Task SquaresSample_OnABroker_GivesTheSquares()
    {
        RabbitBroker broker = await Brokers.UriAsync();
        using var stopping = new CancellationTokenSource();
        var worker = SquaresSample.RunAsync(broker, stopping.Token);
        Assert.That(
            await Within.Time(SquaresSample.SubmitAsync(broker, CancellationToken.None)),
            Is.EqualTo(new[] { 0, 0.5, 2, 4.5, 8, 12.5, 18, 24.5, 32, 40.5 }));
        await stopping.CancelAsync();
        await Within.Time(worker);
        await Brokers.ForgetAsync("squares");
    }

    [Test]
    public async Task HostedSample_OnABroker_CountsWords()
    {
        var uri = await Brokers.UriAsync();
        using var worker = HostedSample.MakeWorker([$"--RabbitTroupeHosts:words:Broker={uri}", "--Logging:LogLevel:Default=None"]);
        using var shop = HostedSample.MakeShop([$"--RabbitTroupes:words:Broker={uri}", "--Logging:LogLevel:Default=None"]);
        await Within.Time(worker.StartAsync());
        await Within.Time(shop.StartAsync());
        var words = shop.Services.GetRequiredService<ITinyTroupe<string, int>>();
        Assert.That(await Within.Time(words.CallAsync("to be or not").AsTask()), Is.EqualTo(4));
        await Within.Time(shop.StopAsync());
        await Within.Time(worker.StopAsync());
        await Brokers.ForgetAsync("words");
    }
}
