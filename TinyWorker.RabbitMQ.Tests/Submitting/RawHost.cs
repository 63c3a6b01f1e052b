using System.Collections.Concurrent;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>A host by hand: it gets tasks and cancellations, and answers only what the test says.</summary>
internal sealed class RawHost : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly ConcurrentQueue<BasicDeliverEventArgs> _tasks = new();
    private readonly ConcurrentQueue<string> _cancels = new();
    private readonly SemaphoreSlim _came = new(0);
    private readonly SemaphoreSlim _cancelled = new(0);
    private readonly PayloadCodec<int> _codec = new(new JsonPayloadSerializer(), 1024 * 1024, "none");

    private RawHost(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    /// <summary>Consumes from the queue of a troupe, which must be there.</summary>
    public static async Task<RawHost> ConnectAsync(string uri, string troupe)
    {
        var connection = await Probe.ConnectAsync(uri);
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var host = new RawHost(connection, channel);
        await channel.BasicQosAsync(0, 100, global: false);
        var control = (await channel.QueueDeclareAsync()).QueueName;
        await channel.QueueBindAsync(control, $"tw.{troupe}.control", "");
        var cancels = new AsyncEventingBasicConsumer(channel);
        cancels.ReceivedAsync += (_, message) =>
        {
            host._cancels.Enqueue(Encoding.UTF8.GetString(message.Body.Span));
            host._cancelled.Release();
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(control, autoAck: true, cancels);
        var tasks = new AsyncEventingBasicConsumer(channel);
        tasks.ReceivedAsync += (_, message) =>
        {
            host._tasks.Enqueue(new BasicDeliverEventArgs(
                message.ConsumerTag, message.DeliveryTag, message.Redelivered, message.Exchange, message.RoutingKey,
                new BasicProperties(message.BasicProperties), message.Body.ToArray(), CancellationToken.None));
            host._came.Release();
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync($"tw.{troupe}", autoAck: false, tasks);
        return host;
    }

    public async Task<BasicDeliverEventArgs> NextAsync()
    {
        if (!await _came.WaitAsync(Within.Deadline)) Assert.Fail("no task came to the host");
        return _tasks.TryDequeue(out var task) ? task : throw new InvalidOperationException();
    }

    public async Task<string> NextCancelAsync()
    {
        if (!await _cancelled.WaitAsync(Within.Deadline)) Assert.Fail("no cancellation came to the host");
        return _cancels.TryDequeue(out var id) ? id : throw new InvalidOperationException();
    }

    public int InputOf(BasicDeliverEventArgs task) => _codec.Read(task.Body);

    /// <summary>Answers, and acknowledges.</summary>
    public async Task ReplyAsync(BasicDeliverEventArgs task, string outcome, byte[] body, string? error = null, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            var headers = new Dictionary<string, object?> { [MessageHeaders.Outcome] = outcome, [MessageHeaders.Attempt] = 1 };
            if (error is not null) headers[MessageHeaders.Error] = error;
            await _channel.BasicPublishAsync(
                "", task.BasicProperties.ReplyTo!, mandatory: true,
                new BasicProperties { CorrelationId = task.BasicProperties.CorrelationId, Headers = headers, Persistent = true }, body);
        }

        await _channel.BasicAckAsync(task.DeliveryTag, multiple: false);
    }

    public Task ReplyAsync(BasicDeliverEventArgs task, int result, int times = 1) =>
        ReplyAsync(task, TaskOutcome.Ok, _codec.Write(result), times: times);

    /// <summary>Drops the task among the dead letters.</summary>
    public ValueTask RejectAsync(BasicDeliverEventArgs task) => _channel.BasicRejectAsync(task.DeliveryTag, requeue: false);

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
