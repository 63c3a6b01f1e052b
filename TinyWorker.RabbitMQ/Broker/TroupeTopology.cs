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
    internal const string SuspectsSuffix = ".suspects";

    /// <summary>How often the queue of suspects delivers a task again.</summary>
    internal const int SuspectsDeliveryLimit = 3;

    private const int MaxDifferences = 16;
    private static readonly TimeSpan NewsTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan VerificationTimeout = TimeSpan.FromSeconds(2);
    private readonly string _replies = $"tw.{troupe}.replies.";
    private volatile bool _isCompared; // what was there has been compared with what would have been declared

    /// <summary>The exchange of tasks, and the queue that they wait in.</summary>
    public string Tasks { get; } = "tw." + troupe;

    /// <summary>The exchange and the queue of suspects.</summary>
    public string Suspects { get; } = "tw." + troupe + SuspectsSuffix;

    /// <summary>The exchange and the queue of dead letters.</summary>
    public string Dead { get; } = "tw." + troupe + ".dead";

    /// <summary>The exchange of cancellations.</summary>
    public string Control { get; } = "tw." + troupe + ".control";

    /// <summary>The exchange that tells submitters, at their reply queues, that the queue of tasks was missing: what they had stored is
    /// gone.</summary>
    public string News { get; } = "tw." + troupe + ".news";

    public RabbitQueueOptions Queue { get; } = queue;

    private (string Name, string Type)[] Exchanges =>
    [
        (Dead, ExchangeType.Topic), (Suspects, ExchangeType.Fanout), (Tasks, ExchangeType.Fanout), (Control, ExchangeType.Fanout),
        (News, ExchangeType.Fanout),
    ];

    /// <summary>The reply queue of a client.</summary>
    public string Replies(string client) => _replies + client;

    /// <summary>Whether a queue has the name of a reply queue of this troupe.</summary>
    public bool IsOfReplies(string queue) => queue.StartsWith(_replies, StringComparison.Ordinal);

    /// <summary>Looks for exchanges and queues of tasks, suspects, dead letters and control, and declares and binds what is missing. If the
    /// queue of tasks is missing, all submitters are told, by <see cref="News"/>.</summary>
    /// <returns>Whether the queue of tasks was missing.</returns>
    /// <exception cref="RabbitTopologyException">A queue is of another kind.</exception>
    public async Task<bool> EnsureAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        foreach (var (name, type) in Exchanges) await EnsureExchangeAsync(session, name, type, cancellationToken).ConfigureAwait(false);
        // The dead letters first: a queue must not drop its dead because there is nobody yet who takes them.
        DeclaredQueue[] queues =
        [
            new(Dead, DeadArguments(session.BrokerMajorVersion), [(Dead, "#")]),
            new(Suspects, TaskArguments(SuspectsDeliveryLimit), [(Suspects, "")]),
            new(Tasks, TaskArguments(Queue.DeliveryLimit), [(Tasks, "")]),
        ];
        List<DeclaredQueue> found = [];
        foreach (var each in queues)
        {
            var isThere = await LookAsync(session, each.Name, cancellationToken).ConfigureAwait(false) is not null;
            if (isThere) found.Add(each);
            // First the news, then the queue: if this process dies in between, then the next one finds it missing, too.
            if (!isThere && each.Name == Tasks) await TellNewsAsync(session, cancellationToken).ConfigureAwait(false);
            if (!isThere) await DeclareAndBindAsync(session, each, cancellationToken).ConfigureAwait(false);
        }

        if (found.Count > 0) await VerifyAsync(session, [.. found], cancellationToken).ConfigureAwait(false);
        return !found.Contains(queues[^1]);
    }

    /// <summary>Looks for a reply queue, and declares and binds it (for dead letters) if it is missing.</summary>
    /// <returns>Whether it was missing.</returns>
    public async Task<bool> EnsureRepliesAsync(
        BrokerSession session, string replyQueue, TimeSpan expires, CancellationToken cancellationToken)
    {
        var arguments = QuorumArguments();
        arguments["x-expires"] = (long)expires.TotalMilliseconds;
        if (await LookAsync(session, replyQueue, cancellationToken).ConfigureAwait(false) is not null) return false;
        await DeclareAndBindAsync(session, new(replyQueue, arguments, [(Dead, replyQueue), (News, "")]), cancellationToken)
            .ConfigureAwait(false);
        return true;
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

    private Dictionary<string, object?> DeadArguments(int brokerMajorVersion)
    {
        var arguments = QuorumArguments();
        // From 4.0 on quorum queues have a limit of 20 by default: reading the letters as often would delete them. (Before, -1 is no limit
        // but none at all.)
        if (brokerMajorVersion >= 4) arguments["x-delivery-limit"] = -1;
        return arguments;
    }

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

    private static Task<bool> DeclareExchangeAsync(BrokerSession session, string name, string type, CancellationToken cancellationToken) =>
        session.AskAsync(
            async (channel, cancelled) =>
            {
                await channel.ExchangeDeclareAsync(name, type, durable: true, autoDelete: false, cancellationToken: cancelled)
                    .ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    private static async Task EnsureExchangeAsync(BrokerSession session, string name, string type, CancellationToken cancellationToken)
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
        }
        catch (OperationInterruptedException error) when (error.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            await DeclareExchangeAsync(session, name, type, cancellationToken).ConfigureAwait(false);
        }
    }

    // A queue that is there may still lack its binding: see VerifyAsync.
    private static Task<bool> DeclareAndBindAsync(BrokerSession session, DeclaredQueue queue, CancellationToken cancellationToken) =>
        session.AskAsync(
            async (channel, cancelled) =>
            {
                await DeclareAsync(channel, queue, cancelled).ConfigureAwait(false);
                return await BindAsync(channel, queue, cancelled).ConfigureAwait(false);
            },
            cancellationToken);

    // The submitters must hear of it even if they connect later than whoever finds the queue missing: they would find the new one, and wait
    // for ever for what the old one had. Reply queues are durable. Not longer than a moment: one of them may have no leader, and its
    // submitter takes another and sends everything again by itself.
    private async Task TellNewsAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        var publisher = await session.OpenPublisherAsync(cancellationToken).ConfigureAwait(false);
        var news = new NewsPublication(News);
        publisher.Publish(news);
        try
        {
            var outcome = await news.Ended.WaitAsync(NewsTimeout, session.TimeProvider, cancellationToken).ConfigureAwait(false);
            if (outcome == PublishOutcome.Lost) throw new SessionEndedException("The connection was lost.", cause: session.EndReason);
        }
        catch (TimeoutException)
        {
        }
        finally
        {
            publisher.Close();
        }
    }

    private static Task<QueueDeclareOk> DeclareAsync(IChannel channel, DeclaredQueue queue, CancellationToken cancellationToken) =>
        channel.QueueDeclareAsync(
            queue.Name, durable: true, exclusive: false, autoDelete: false, queue.Arguments, cancellationToken: cancellationToken);

    private static async Task<bool> BindAsync(IChannel channel, DeclaredQueue queue, CancellationToken cancellationToken)
    {
        foreach (var (exchange, key) in queue.Bindings)
            await channel.QueueBindAsync(queue.Name, exchange, key, cancellationToken: cancellationToken).ConfigureAwait(false);
        return true;
    }

    // What was there may be of another make, or lack its binding: whoever declared it may have died in between. While a node hangs this
    // hangs, too, and then it is left for the next connection.
    private async Task VerifyAsync(BrokerSession session, DeclaredQueue[] found, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(VerificationTimeout, session.TimeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var verifying = found.Select(queue => IfAllowedAsync(
            session.AskAsync((channel, cancelled) => BindAsync(channel, queue, cancelled), linked.Token)));
        if (!_isCompared)
        {
            verifying = verifying
                .Concat(found.Select(queue => IfAllowedAsync(CompareQueueAsync(session, queue, linked.Token))))
                .Concat(Exchanges.Select(
                    exchange => IfAllowedAsync(CompareExchangeAsync(session, exchange.Name, exchange.Type, linked.Token))));
        }

        try
        {
            await Task.WhenAll(verifying).ConfigureAwait(false);
            _isCompared = true;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
        }
    }

    // A user who may not declare or bind takes what is there, as its owner has made it.
    private static async Task<bool> IfAllowedAsync(Task<bool> verification)
    {
        try
        {
            return await verification.ConfigureAwait(false);
        }
        catch (OperationInterruptedException error) when (error.ShutdownReason?.ReplyCode == Constants.AccessRefused)
        {
            return false;
        }
    }

    private async Task<bool> CompareExchangeAsync(BrokerSession session, string name, string type, CancellationToken cancellationToken)
    {
        try
        {
            return await DeclareExchangeAsync(session, name, type, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationInterruptedException error) when (error.ShutdownReason?.ReplyCode == Constants.PreconditionFailed)
        {
            var difference = DifferenceOf(error);
            if (difference.Name == "type") throw OfAnotherKind("exchange", name, $"'{type}'", difference.Theirs, error);
            Log.DifferingArguments(session.Logger, "exchange", name, difference.Text);
            return false;
        }
    }

    // The broker names one difference at a time, and the type last. So it is asked again with each one that is known taken over, until it
    // agrees.
    private async Task<bool> CompareQueueAsync(BrokerSession session, DeclaredQueue queue, CancellationToken cancellationToken)
    {
        var arguments = new Dictionary<string, object?>(queue.Arguments);
        List<string> differences = [];
        while (true)
        {
            try
            {
                var asked = queue with { Arguments = arguments };
                await session.AskAsync((channel, cancelled) => DeclareAsync(channel, asked, cancelled), cancellationToken)
                    .ConfigureAwait(false);
                break;
            }
            catch (OperationInterruptedException error) when (error.ShutdownReason?.ReplyCode == Constants.PreconditionFailed)
            {
                var difference = DifferenceOf(error);
                differences.Add(difference.Text);
                // A quorum queue is durable: what is not is of another type.
                if (difference.Name is "x-queue-type" or "durable")
                    throw OfAnotherKind("queue", queue.Name, "a quorum queue", string.Join("; ", differences), error);
                if (differences.Count == MaxDifferences || !TryTakeOver(arguments, difference)) break;
            }
        }

        if (differences.Count > 0) Log.DifferingArguments(session.Logger, "queue", queue.Name, string.Join("; ", differences));
        return differences.Count == 0;
    }

    private static bool TryTakeOver(Dictionary<string, object?> arguments, Difference difference)
    {
        if (difference.Name.Length == 0 || !difference.Name.StartsWith("x-", StringComparison.Ordinal)) return false;
        // What cannot be read may be none, too.
        if (ValuePattern().Match(difference.Theirs) is not { Success: true } value) return arguments.Remove(difference.Name);
        var text = value.Groups["value"].Value;
        arguments[difference.Name] = value.Groups["type"].Value == "longstr" ? text
            : long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number
            : null;
        return arguments[difference.Name] is not null;
    }

    private RabbitTopologyException OfAnotherKind(string what, string name, string ours, string theirs, Exception cause) => new(
        troupe,
        $"The {what} '{name}' is there and of another kind: it must be {ours}, and the broker says: {theirs.TrimEnd('.')}. " +
        "Delete it, or give the troupe another name.",
        cause);

    // "inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received the value '5' of type 'long' but current is none". The broker
    // cuts its text at 255 bytes: with long names the values are missing.
    private static Difference DifferenceOf(OperationInterruptedException error)
    {
        var text = error.ShutdownReason!.ReplyText;
        if (NamePattern().Match(text) is not { Success: true } match) return new("", "", text);
        var name = match.Groups["name"].Value;
        return ValuesPattern().Match(text) is { Success: true } values
            ? new(name, values.Groups["theirs"].Value, $"{name}: {values.Value}")
            : new(name, "", name);
    }

    [GeneratedRegex("inequivalent arg '(?<name>[^']+)'")]
    private static partial Regex NamePattern();

    [GeneratedRegex("received .* but current is (?<theirs>.*)$", RegexOptions.Singleline)]
    private static partial Regex ValuesPattern();

    [GeneratedRegex("^the value '(?<value>.*)' of type '(?<type>[^']*)'$", RegexOptions.Singleline)]
    private static partial Regex ValuePattern();

    private sealed record DeclaredQueue(string Name, Dictionary<string, object?> Arguments, (string Exchange, string Key)[] Bindings);

    private sealed class NewsPublication(string exchange) : Publication
    {
        private readonly TaskCompletionSource<PublishOutcome> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override string Exchange { get; } = exchange;

        public override string RoutingKey => "";

        public override BasicProperties Properties { get; } = new() { MessageId = Guid.NewGuid().ToString("N"), Persistent = true };

        public override ReadOnlyMemory<byte> Body => default;

        public Task<PublishOutcome> Ended => _ended.Task;

        public override void End(PublishOutcome outcome) => _ended.TrySetResult(outcome);
    }

    private readonly record struct Difference(string Name, string Theirs, string Text);
}

/// <summary>What waits in the queues of a troupe. Counts of quorum queues are up to 5 s old.</summary>
internal readonly record struct QueueCounts(long? Ready, int? Hosts, long? Suspects, long? DeadLetters);
