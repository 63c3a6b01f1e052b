using System.Collections.Concurrent;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>A reply as it came.</summary>
internal sealed record RawReply(string TaskId, string Outcome, int Attempt, string? Error, byte[] Body)
{
    /// <summary>The result of a task whose result is an int.</summary>
    public int Number => new PayloadCodec<int>(new JsonPayloadSerializer(), 1024, "none").Read(Body);

    public Exception Exception => ErrorCodec.Read(Body, "the troupe");
}

/// <summary>A submitter by hand: it sends what a submitter sends, and also what none would send, and sees each reply.</summary>
internal sealed class RawSubmitter : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly string _troupe;
    private readonly ConcurrentQueue<RawReply> _replies = new();
    private readonly SemaphoreSlim _came = new(0);
    private readonly PayloadCodec<int> _codec = new(new JsonPayloadSerializer(), 1024 * 1024, "none");

    private RawSubmitter(IConnection connection, IChannel channel, string troupe) =>
        (_connection, _channel, _troupe, ReplyQueue) = (connection, channel, troupe, $"tw.{troupe}.replies.raw");

    public string ReplyQueue { get; }

    public string Contract { get; init; } = Messages.Contract.Of<int, int>(null);

    public string Tasks => "tw." + _troupe;

    /// <summary>Connects, and takes replies. The queues of the troupe must be there.</summary>
    public static async Task<RawSubmitter> ConnectAsync(string uri, string troupe)
    {
        var connection = await Probe.ConnectAsync(uri);
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var submitter = new RawSubmitter(connection, channel, troupe);
        await channel.QueueDeclareAsync(submitter.ReplyQueue, durable: true, exclusive: false, autoDelete: false);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += submitter.TakeAsync;
        await channel.BasicConsumeAsync(submitter.ReplyQueue, autoAck: true, consumer);
        return submitter;
    }

    /// <summary>Sends a task, and waits until it is stored.</summary>
    public Task SendAsync(
        string id, int input, string? contract = null, string? replyTo = "", Action<IDictionary<string, object?>>? headers = null) =>
        SendAsync(id, _codec.Write(input), contract, replyTo, headers);

    /// <inheritdoc cref="SendAsync(string, int, string?, string?, Action{IDictionary{string, object?}}?)"/>
    public async Task SendAsync(string? id, byte[] body, string? contract, string? replyTo, Action<IDictionary<string, object?>>? headers)
    {
        var queue = replyTo == "" ? ReplyQueue : replyTo;
        var task = new BasicProperties
        {
            MessageId = id,
            CorrelationId = id,
            ReplyTo = queue,
            DeliveryMode = DeliveryModes.Persistent,
            ContentType = PayloadCodec<int>.ContentType,
            Headers = new Dictionary<string, object?> { [MessageHeaders.Contract] = contract ?? Contract },
        };
        headers?.Invoke(task.Headers);
        await Within.Time(
            _channel.BasicPublishAsync(Tasks, queue ?? "", mandatory: true, task, body).AsTask(), "a task to be stored");
    }

    /// <summary>Tells all hosts that a task is cancelled.</summary>
    public async Task CancelAsync(string id) => await Within.Time(
        _channel.BasicPublishAsync(
            $"tw.{_troupe}.control", "", mandatory: false, new BasicProperties(), Encoding.UTF8.GetBytes(id)).AsTask(),
        "a cancellation to be sent");

    /// <summary>The next reply, in the order in which they come.</summary>
    public async Task<RawReply> ReplyAsync(TimeSpan? deadline = null)
    {
        Assert.That(await _came.WaitAsync(deadline ?? Within.Deadline), Is.True, "a reply comes");
        return _replies.TryDequeue(out var reply) ? reply : throw new InvalidOperationException("No reply.");
    }

    /// <summary>So many replies, by task. A task may be among them once.</summary>
    public async Task<Dictionary<string, RawReply>> RepliesAsync(int count)
    {
        Dictionary<string, RawReply> replies = [];
        while (replies.Count < count)
        {
            var reply = await ReplyAsync();
            replies.Add(reply.TaskId, reply);
        }

        return replies;
    }

    /// <summary>Whether a reply has come that nobody has asked for.</summary>
    public bool HasReply => !_replies.IsEmpty;

    /// <summary>Takes what waits in the queue of tasks, in order.</summary>
    /// <returns>The ids.</returns>
    public async Task<List<string>> DrainAsync()
    {
        List<string> ids = [];
        while (await _channel.BasicGetAsync(Tasks, autoAck: true) is { } message) ids.Add(message.BasicProperties.MessageId!);
        return ids;
    }

    public Task DeleteReplyQueueAsync() => _channel.QueueDeleteAsync(ReplyQueue, ifUnused: false, ifEmpty: false);

    public async ValueTask DisposeAsync()
    {
        if (_channel.IsOpen) await _channel.QueueDeleteAsync(ReplyQueue, ifUnused: false, ifEmpty: false);
        await _connection.DisposeAsync();
        await Brokers.ForgetAsync(_troupe);
    }

    private Task TakeAsync(object sender, BasicDeliverEventArgs delivery)
    {
        var message = delivery.BasicProperties;
        _replies.Enqueue(new RawReply(
            message.CorrelationId!,
            TraceHeaders.TextOf(message, MessageHeaders.Outcome)!,
            message.Headers!.TryGetValue(MessageHeaders.Attempt, out var attempt) ? (int)attempt! : 1,
            TraceHeaders.TextOf(message, MessageHeaders.Error),
            delivery.Body.ToArray()));
        _came.Release();
        return Task.CompletedTask;
    }
}
