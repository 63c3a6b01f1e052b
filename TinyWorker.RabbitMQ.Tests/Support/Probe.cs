using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Looks at a broker, and acts on it as its operator, by a connection of its own.</summary>
internal static class Probe
{
    public static Task<IConnection> ConnectAsync(string uri) =>
        new ConnectionFactory { Uri = new Uri(uri.Split(' ')[0]), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    /// <summary>Does something on a channel of its own.</summary>
    public static async Task<T> AskAsync<T>(string uri, Func<IChannel, Task<T>> question)
    {
        await using var connection = await ConnectAsync(uri);
        await using var channel = await connection.CreateChannelAsync();
        return await Within.Time(question(channel), "a broker's answer");
    }

    /// <summary>How many messages wait in a queue; null if there is none of this name.</summary>
    public static async Task<uint?> MessagesAsync(string uri, string queue)
    {
        try
        {
            return await AskAsync(uri, async channel => (uint?)(await channel.QueueDeclarePassiveAsync(queue)).MessageCount);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return null;
        }
    }

    /// <summary>Waits for a state of a queue. (Counts of quorum queues are up to 5 s old.)</summary>
    public static async Task UntilQueueAsync(string uri, string queue, Func<uint?, bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (await MessagesAsync(uri, queue) is var messages && !condition(messages))
        {
            if (clock.Elapsed > FailureRun.Recovery) throw new AssertionException($"{what}: '{queue}' has {messages} messages");
            await Task.Delay(100);
        }
    }
}
