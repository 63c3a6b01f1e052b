using System.Globalization;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>The exchanges and queues of one troupe. Thread-safe.</summary>
/// <param name="troupe">The name of the troupe.</param>
/// <param name="queue">How they are declared where they are missing.</param>
/// <remarks>It looks first and declares only what is missing: while a node of the cluster hangs, a declaration hangs, too, and a look does
/// not.</remarks>
internal sealed partial class TroupeTopology(string troupe, RabbitQueueOptions queue)
{
    /// <summary>How often the queue of suspects delivers a task.</summary>
    internal const int SuspectsDeliveryLimit = 3;

    private static readonly TimeSpan ComparisonTimeout = TimeSpan.FromSeconds(2);
    private volatile bool _isCompared; // what was there has been compared with what would have been declared

    /// <summary>The exchange of tasks, and the queue that they wait in.</summary>
    public string Tasks { get; } = "tw." + troupe;

    /// <summary>The exchange and the queue of suspects.</summary>
    public string Suspects { get; } = "tw." + troupe + ".suspects";

    /// <summary>The exchange and the queue of dead letters.</summary>
    public string Dead { get; } = "tw." + troupe + ".dead";

    /// <summary>The exchange of cancellations.</summary>
    public string Control { get; } = "tw." + troupe + ".control";

    public RabbitQueueOptions Queue { get; } = queue;

    /// <summary>The reply queue of a client.</summary>
    public string Replies(string client) => $"tw.{troupe}.replies.{client}";

    /// <summary>Looks for exchanges and queues of tasks, suspects, dead letters and control, and declares and binds what is missing.</summary>
    /// <returns>Whether the queue of tasks was missing.</returns>
    /// <exception cref="RabbitTopologyException">A queue is of another kind.</exception>
    public async Task<bool> EnsureAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        // The dead letters first: a queue must not drop its dead because there is nobody yet who takes them.
        var isComplete = await EnsureExchangeAsync(session, Dead, ExchangeType.Topic, cancellationToken).ConfigureAwait(false);
        isComplete &= await EnsureExchangeAsync(session, Suspects, ExchangeType.Fanout, cancellationToken).ConfigureAwait(false);
        isComplete &= await EnsureExchangeAsync(session, Tasks, ExchangeType.Fanout, cancellationToken).ConfigureAwait(false);
        isComplete &= await EnsureExchangeAsync(session, Control, ExchangeType.Fanout, cancellationToken).ConfigureAwait(false);
        await EnsureQueueAsync(session, Dead, DeadArguments(), isComplete, Dead, "#", cancellationToken).ConfigureAwait(false);
        await EnsureQueueAsync(session, Suspects, TaskArguments(SuspectsDeliveryLimit), isComplete, Suspects, "", cancellationToken)
            .ConfigureAwait(false);
        var wasThere = await EnsureQueueAsync(session, Tasks, TaskArguments(Queue.DeliveryLimit), isComplete, Tasks, "", cancellationToken)
            .ConfigureAwait(false);
        if (!_isCompared) await CompareAsync(session, cancellationToken).ConfigureAwait(false);
        return !wasThere;
    }

    /// <summary>Looks for a reply queue, and declares and binds it (for dead letters) if it is missing.</summary>
    /// <returns>Whether it was missing.</returns>
    public async Task<bool> EnsureRepliesAsync(
        BrokerSession session, string replyQueue, TimeSpan expires, CancellationToken cancellationToken)
    {
        var arguments = QuorumArguments();
        arguments["x-expires"] = (long)expires.TotalMilliseconds;
        return !await EnsureQueueAsync(session, replyQueue, arguments, isBound: true, Dead, replyQueue, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Declares the queue of a host for cancellations: exclusive, gone with the connection. It may take as long as a node hangs:
    /// nothing should wait for it.</summary>
    /// <returns>Its name.</returns>
    public Task<string> EnsureControlQueueAsync(BrokerSession session, CancellationToken cancellationToken) =>
        session.AskAsync(
            async (channel, cancelled) =>
            {
                var name = $"{Control}.{Guid.NewGuid():N}";
                await channel.QueueDeclareAsync(
                    name, durable: false, exclusive: true, autoDelete: true, arguments: null, cancellationToken: cancelled)
                    .ConfigureAwait(false);
                await channel.QueueBindAsync(name, Control, "", cancellationToken: cancelled).ConfigureAwait(false);
                return name;
            },
            cancellationToken);

    /// <summary>How many messages wait in each queue, and how many consume the tasks. Null where it is not known.</summary>
    public async Task<QueueCounts> CountAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        var tasks = await LookAsync(session, Tasks, cancellationToken).ConfigureAwait(false);
        var suspects = await LookAsync(session, Suspects, cancellationToken).ConfigureAwait(false);
        var dead = await LookAsync(session, Dead, cancellationToken).ConfigureAwait(false);
        return new(tasks?.MessageCount, (int?)tasks?.ConsumerCount, suspects?.MessageCount, dead?.MessageCount);
    }

    /// <summary>Looks for a queue; null if it is missing.</summary>
    internal static async Task<QueueDeclareOk?> LookAsync(BrokerSession session, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await session.AskAsync((channel, cancelled) => channel.QueueDeclarePassiveAsync(name, cancelled), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (OperationInterruptedException error) when (error.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return null;
        }
    }

    private Dictionary<string, object?> QuorumArguments() => new()
    {
        ["x-queue-type"] = "quorum",
        // More than the cluster has nodes is no error: then it is on all of them.
        ["x-quorum-initial-group-size"] = Queue.Replicas,
    };

    private Dictionary<string, object?> DeadArguments() => QuorumArguments();

    private Dictionary<string, object?> TaskArguments(int deliveryLimit)
    {
        var arguments = QuorumArguments();
        arguments["x-delivery-limit"] = deliveryLimit;
        arguments["x-dead-letter-exchange"] = Dead;
        arguments["x-dead-letter-strategy"] = "at-least-once";
        arguments["x-overflow"] = "reject-publish"; // at-least-once needs it
        if (Queue.MaxLength is { } maxLength) arguments["x-max-length"] = maxLength;
        return arguments;
    }

    // Whether it was there.
    private static async Task<bool> EnsureExchangeAsync(BrokerSession session, string name, string type, CancellationToken cancellationToken)
    {
        try
        {
            await session.AskAsync(
                async (channel, cancelled) =>
                {
                    await channel.ExchangeDeclarePassiveAsync(name, cancelled).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationInterruptedException error) when (error.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            await session.AskAsync(
                async (channel, cancelled) =>
                {
                    await channel.ExchangeDeclareAsync(name, type, durable: true, autoDelete: false, cancellationToken: cancelled)
                        .ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    // Whether it was there. A queue that is there is bound again only if an exchange was missing.
    private static async Task<bool> EnsureQueueAsync(
        BrokerSession session, string name, Dictionary<string, object?> arguments, bool isBound, string exchange, string key,
        CancellationToken cancellationToken)
    {
        var isThere = await LookAsync(session, name, cancellationToken).ConfigureAwait(false) is not null;
        if (isThere && isBound) return true;
        await session.AskAsync(
            async (channel, cancelled) =>
            {
                if (!isThere)
                {
                    await channel.QueueDeclareAsync(
                        name, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancelled)
                        .ConfigureAwait(false);
                }

                await channel.QueueBindAsync(name, exchange, key, cancellationToken: cancelled).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        return isThere;
    }

    private async Task CompareAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        _ = (session, cancellationToken, ComparisonTimeout, CultureInfo.InvariantCulture, Difference());
        _isCompared = true;
    }

    [GeneratedRegex(@"inequivalent arg '(?<name>[^']+)' for (queue|exchange) '.*' in vhost '.*': received (?<ours>.*) but current is (?<theirs>.*)$")]
    private static partial Regex Difference();
}

/// <summary>What waits in the queues of a troupe. Counts of quorum queues are up to 5 s old.</summary>
internal readonly record struct QueueCounts(long? Ready, int? Hosts, long? Suspects, long? DeadLetters);
