namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Stops the brokers when the last test has ended.</summary>
[SetUpFixture]
public sealed class BrokersSetUp
{
    [OneTimeTearDown]
    public Task StopAllAsync() => Brokers.StopAllAsync();
}
