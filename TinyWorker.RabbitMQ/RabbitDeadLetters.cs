using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ;

/// <summary>The tasks of a troupe that the broker gave up: to look at, to replay, to discard. Thread-safe. It holds nothing between its
/// calls: each makes a connection of its own.</summary>
/// <remarks>The queue of dead letters has no limit: what nobody replays or discards stays there.</remarks>
public sealed class RabbitDeadLetters
{
    // What is read at a time, before anything of it is given out: letters that are being read are hidden from everyone else.
    private const int PageCount = 1000;
    private const long PageBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan BrokerLostAfter = TimeSpan.FromSeconds(15);

    // Somebody who reads at the same time hides letters for as long.
    private static readonly TimeSpan[] LookAgainAfter =
        [TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1)];

    private readonly string _name;
    private readonly RabbitBroker _broker;
    private readonly TroupeTopology _topology;

    /// <summary>Makes the object. It connects when it is used.</summary>
    /// <param name="name">The name of the troupe.</param>
    /// <param name="broker">Where the broker is.</param>
    /// <exception cref="ArgumentNullException">The name or the broker is null.</exception>
    /// <exception cref="ArgumentException">The name cannot be that of a troupe, or the broker has no endpoint.</exception>
    public RabbitDeadLetters(string name, RabbitBroker broker)
    {
        OptionChecks.CheckTroupeName(name);
        ArgumentNullException.ThrowIfNull(broker);
        OptionChecks.CheckBroker(nameof(broker), nameof(RabbitDeadLetters), broker);
        (_name, _broker, _topology) = (name, broker, new TroupeTopology(name, new()));
    }

    /// <summary>Reads the dead letters. They stay where they are. While it reads, for a moment each time, others do not see them.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Each letter that is there, the oldest first; none if there is no such troupe. Letters may be replayed and discarded while
    /// it goes on.</returns>
    /// <exception cref="BrokerUnavailableException">No broker could be reached for 15 s, or it was lost in between.</exception>
    /// <exception cref="RabbitTopologyException">The broker refuses for good.</exception>
    public async IAsyncEnumerable<RabbitDeadLetter> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var connection = Connect();
        Dictionary<string, int> given = []; // how many letters of each id
        while (true)
        {
            var page = await UseAsync(connection, session => ReadPageAsync(session, given, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            if (page.Count == 0) yield break;
            foreach (var letter in page) yield return letter;
        }
    }

    /// <summary>Sends a task again, as new, and removes the letter. Its attempts are counted anew, and its deadline is gone. Its submitter,
    /// if it lives, has the task as ended: the reply is counted as late.</summary>
    /// <param name="taskId">The id of the task. Of several letters with it the oldest is taken.</param>
    /// <param name="cancellationToken">Ends the attempt. The letter is removed only once the task is stored.</param>
    /// <returns>Whether there was such a letter.</returns>
    /// <exception cref="ArgumentException">The id is null or empty.</exception>
    /// <exception cref="InvalidOperationException">The queue of tasks is missing, is full, or has no leader. The letter is still there.</exception>
    /// <exception cref="BrokerUnavailableException">No broker could be reached for 15 s, or it was lost in between. The task may be stored
    /// already while the letter is still there.</exception>
    /// <exception cref="RabbitTopologyException">The broker refuses for good.</exception>
    public Task<bool> ReplayAsync(string taskId, CancellationToken cancellationToken = default) =>
        TakeAsync(taskId, isReplayed: true, cancellationToken);

    /// <summary>Removes a letter for good.</summary>
    /// <param name="taskId">The id of the task. Of several letters with it the oldest is taken.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Whether there was such a letter.</returns>
    /// <exception cref="ArgumentException">The id is null or empty.</exception>
    /// <exception cref="BrokerUnavailableException">No broker could be reached for 15 s, or it was lost in between.</exception>
    /// <exception cref="RabbitTopologyException">The broker refuses for good.</exception>
    public Task<bool> DiscardAsync(string taskId, CancellationToken cancellationToken = default) =>
        TakeAsync(taskId, isReplayed: false, cancellationToken);

    private async Task<bool> TakeAsync(string taskId, bool isReplayed, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(taskId);
        await using var connection = Connect();
        for (var look = 0; ; look++)
        {
            var isFound = await UseAsync(
                connection, session => TryTakeAsync(session, taskId, isReplayed, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            if (isFound || look == LookAgainAfter.Length) return isFound;
            await Task.Delay(LookAgainAfter[look], TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    private BrokerConnection Connect()
    {
        var settings = new BrokerConnectionSettings(
            _name, "reader of dead letters", _broker, RabbitTroupeOptions.DefaultHeartbeat, BrokerLostAfter, NullLogger.Instance,
            TimeProvider.System);
        // A look, so that a missing permission is known as one.
        var connection = new BrokerConnection(
            settings, (session, cancelled) => TroupeTopology.LookAsync(session, _topology.Dead, cancelled));
        connection.Start();
        return connection;
    }

    private async Task<T> UseAsync<T>(BrokerConnection connection, Func<BrokerSession, Task<T>> use, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        await connection.WhenReadyAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var session = connection.Current ?? throw new SessionEndedException("The connection was lost.");
            return await use(session).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or global::RabbitMQ.Client.Exceptions.RabbitMQClientException ||
                                      (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new BrokerUnavailableException(_name, _broker, TimeProvider.System.GetElapsedTime(started), error);
        }
    }

    // The next letters that were not given out yet. All that is taken from the queue goes back before the call returns.
    private async Task<List<RabbitDeadLetter>> ReadPageAsync(
        BrokerSession session, Dictionary<string, int> given, CancellationToken cancellationToken)
    {
        List<RabbitDeadLetter> page = [];
        if (await TroupeTopology.LookAsync(session, _topology.Dead, cancellationToken).ConfigureAwait(false) is null) return page;
        var channel = await session.OpenChannelAsync(0, cancellationToken).ConfigureAwait(false);
        Dictionary<string, int> passed = [];
        var (bytes, last) = (0L, 0ul);
        while (page.Count < PageCount && bytes < PageBytes)
        {
            var letter = await channel.BasicGetAsync(_topology.Dead, autoAck: false, cancellationToken).ConfigureAwait(false);
            if (letter is null) break;
            last = letter.DeliveryTag;
            var id = letter.BasicProperties.MessageId ?? "";
            passed[id] = passed.GetValueOrDefault(id) + 1;
            if (passed[id] <= given.GetValueOrDefault(id)) continue;
            page.Add(LetterOf(letter));
            bytes += letter.Body.Length;
        }

        foreach (var letter in page) given[letter.TaskId] = given.GetValueOrDefault(letter.TaskId) + 1;
        await GiveBackAsync(channel, last, cancellationToken).ConfigureAwait(false);
        // What was given back, when another letter was taken, stands at the end of the queue.
        return [.. page.OrderBy(letter => letter.DeadSince)];
    }

    private async Task<bool> TryTakeAsync(BrokerSession session, string taskId, bool isReplayed, CancellationToken cancellationToken)
    {
        if (await TroupeTopology.LookAsync(session, _topology.Dead, cancellationToken).ConfigureAwait(false) is null) return false;
        var channel = await session.OpenChannelAsync(0, cancellationToken).ConfigureAwait(false);
        var last = 0ul;
        try
        {
            while (await channel.BasicGetAsync(_topology.Dead, autoAck: false, cancellationToken).ConfigureAwait(false) is { } letter)
            {
                last = letter.DeliveryTag;
                if (letter.BasicProperties.MessageId != taskId) continue;
                if (isReplayed) await SendAgainAsync(session, letter, cancellationToken).ConfigureAwait(false);
                await channel.BasicAckAsync(letter.DeliveryTag, multiple: false, cancellationToken).ConfigureAwait(false);
                last--;
                return true;
            }

            return false;
        }
        finally
        {
            if (!session.Ended.IsCancellationRequested)
                await GiveBackAsync(channel, last, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task SendAgainAsync(BrokerSession session, BasicGetResult letter, CancellationToken cancellationToken)
    {
        var publisher = await session.OpenPublisherAsync(cancellationToken).ConfigureAwait(false);
        var replay = new Replay(_topology.Tasks, letter);
        publisher.Publish(replay);
        var outcome = await replay.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        switch (outcome)
        {
            case PublishOutcome.Stored:
                return;
            case PublishOutcome.Lost:
                throw new SessionEndedException("The connection was lost before the task was stored.", cause: session.EndReason);
            default:
                var why = outcome == PublishOutcome.Returned ? "There is no such queue" : "It is full, or has no leader at the moment";
                throw new InvalidOperationException(
                    $"Task {replay.Properties.MessageId} of '{_name}' could not be stored in the queue '{_topology.Tasks}'. {why}. " +
                    "The letter is still there. Start a host (it declares what is missing), or try again later.");
        }
    }

    // The answer to the closing tells that the channel has passed on what was given back.
    private static async Task GiveBackAsync(IChannel channel, ulong last, CancellationToken cancellationToken)
    {
        if (last > 0) await channel.BasicNackAsync(last, multiple: true, requeue: true, cancellationToken).ConfigureAwait(false);
        await channel.CloseAsync(cancellationToken).ConfigureAwait(false);
    }

    private static RabbitDeadLetter LetterOf(BasicGetResult letter)
    {
        var properties = letter.BasicProperties;
        var death = Death.Of(properties);
        return new(
            properties.MessageId ?? "", death.Attempts, death.Reason, death.At,
            Death.TextOf(properties.Headers, MessageHeaders.Contract) ?? "",
            string.IsNullOrEmpty(properties.ReplyTo) ? null : properties.ReplyTo, letter.Body);
    }

    private sealed class Replay : Publication
    {
        private readonly TaskCompletionSource<PublishOutcome> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Replay(string exchange, BasicGetResult letter)
        {
            (Exchange, RoutingKey, Body) = (exchange, letter.RoutingKey, letter.Body);
            Properties = new BasicProperties(letter.BasicProperties)
            {
                Persistent = true,
                Headers = letter.BasicProperties.Headers?
                    .Where(header => !header.Key.StartsWith("x-", StringComparison.Ordinal) &&
                                     header.Key is not (MessageHeaders.Before or MessageHeaders.Resent or MessageHeaders.Deadline))
                    .ToDictionary(),
            };
            Properties.ClearExpiration();
        }

        public override string Exchange { get; }

        public override string RoutingKey { get; }

        public override BasicProperties Properties { get; }

        public override ReadOnlyMemory<byte> Body { get; }

        public Task<PublishOutcome> Ended => _ended.Task;

        public override void End(PublishOutcome outcome) => _ended.SetResult(outcome);
    }
}
