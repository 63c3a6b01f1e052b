using System.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Submitting;
using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ;

/// <summary>
/// The submitting side of a troupe whose workers are behind a broker, in other processes and on other machines. It is used as any other
/// troupe: futures, chains, maps, cancellation, deadlines and disposal are the same.
/// </summary>
/// <remarks>
/// <para>Thread-safe. The constructor does not wait for the broker: tasks that are submitted before it is there wait, up to
/// <see cref="RabbitTroupeOptions.BrokerLostAfter"/>; what is wrong with the configuration shows in <see cref="WhenReadyAsync"/>.</para>
/// <para>Every future ends once while this object lives: with the first reply, with the exception of the task, or with one that says why
/// there is no reply. A task that the broker has stored runs at least once, whatever dies; it may run twice, for example if its host dies
/// before it could answer. Tasks start in the order in which the broker gets them, and no other order is promised.</para>
/// <para>A map over it reads, unless its options say otherwise, up to <see cref="RabbitTroupeOptions.MaxInFlight"/> items ahead.</para>
/// </remarks>
/// <typeparam name="TIn">The type of a task's input.</typeparam>
/// <typeparam name="TOut">The type of a task's result.</typeparam>
[DebuggerDisplay("{DebuggerText,nq}")]
public sealed partial class RabbitTroupe<TIn, TOut> : ITinyTroupe<TIn, TOut>, IDisposable
{
    // Slots answer within their own grace. This is for one whose thread pool is starved.
    private static readonly TimeSpan GraceOfSlots = TimeSpan.FromSeconds(5);

    private readonly RabbitTroupeOptions _options;
    private readonly SubmittingSide _side;
    private readonly PayloadCodec<TIn> _inputs;
    private readonly TinyTroupe<TIn, TOut> _inner;   // its workers are slots: each sends one task at a time, and waits for the reply

    /// <summary>Makes the submitting side, and begins to connect.</summary>
    /// <param name="name">The name of the troupe: that of the troupe that the hosts serve. It becomes a part of the names of queues: at
    /// most 180 bytes in UTF-8, no control characters, and none of the ends <c>.dead</c>, <c>.suspects</c>, <c>.control</c> and
    /// <c>.news</c>.</param>
    /// <param name="options">How it is made; null for the defaults.</param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    /// <exception cref="ArgumentException">The name cannot be, or an option is out of range.</exception>
    public RabbitTroupe(string name, RabbitTroupeOptions? options = null)
    {
        OptionChecks.CheckTroupeName(name);
        _options = options ?? new RabbitTroupeOptions();
        _options.Validate(nameof(options));
        var serializer = _options.Serializer ?? new JsonPayloadSerializer();
        const string MaxPayload = $"{nameof(RabbitTroupeOptions)}.{nameof(RabbitTroupeOptions.MaxPayload)}";
        _inputs = new PayloadCodec<TIn>(serializer, _options.MaxPayload, MaxPayload);
        var contract = Contract.Of<TIn, TOut>(_options.ContractVersion);
        var topology = new TroupeTopology(name, _options.Queue);
        var format = new TaskMessageFormat(topology.Tasks, contract, PayloadCodec<TIn>.ContentType, _options.TimeProvider);
        var side = new SubmittingSide(name, _options, format, topology);
        var terms = new RemoteWorkerTerms<TIn, TOut>(
            name, contract, _inputs, new PayloadCodec<TOut>(serializer, OptionChecks.LargestPayload, MaxPayload), _options.TimeProvider);
        _side = side;
        _inner = new TinyTroupe<TIn, TOut>(
            slot => new RemoteWorker<TIn, TOut>(side.Outbox.Requests[slot.Index], terms),
            new PoolTroupeOptions
            {
                Name = name,
                Workers = _options.MaxInFlight,
                Capacity = _options.Capacity,
                CancellationGrace = _options.CancellationGrace + GraceOfSlots,
                LoggerFactory = _options.LoggerFactory,
                TimeProvider = _options.TimeProvider,
            });
        // What lists troupes lists this one. It is held weakly. Nothing that lives on holds the inner one either: if this object is
        // dropped, so is that, and it drains; when its slots have gone, the connection ends.
        _inner.Inside.Facade = this;
        TroupeFigures.Attach(this, () => BrokerFigures.Of(side.Snapshot()));
        side.Start(_inner.Inside, _inner.Inside.Loops.Gone);
    }

    /// <inheritdoc/>
    public string Name => _inner.Name;

    /// <summary>How many tasks may wait in this process, accepted and not yet sent.</summary>
    public int Capacity => _inner.Capacity;

    /// <summary>How many tasks may be at the broker and its hosts at a time, of this object.</summary>
    public int MaxInFlight => _options.MaxInFlight;

    /// <summary>What is known of the broker now. Takes a moment: the counts of its queues are asked for aside, so that the first look has
    /// none, and later ones are some seconds old.</summary>
    public RabbitTroupeSnapshot Broker => _side.Snapshot();

    /// <summary>The inside, for tests. It does not keep this object alive.</summary>
    internal SubmittingSide Side => _side;

    private string DebuggerText => $"RabbitTroupe '{Name}' (at most {MaxInFlight} under way)";

    /// <summary>Waits until the broker is connected, and the queues are there.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is ready.</returns>
    /// <exception cref="RabbitTopologyException">The broker refuses for a reason that no waiting mends: the virtual host, the password, a
    /// permission, a queue of another kind.</exception>
    /// <exception cref="BrokerUnavailableException">There was no broker for longer than
    /// <see cref="RabbitTroupeOptions.BrokerLostAfter"/>. The troupe goes on trying.</exception>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    /// <exception cref="ObjectDisposedException">The troupe was stopped.</exception>
    public async Task WhenReadyAsync(CancellationToken cancellationToken = default)
    {
        await _inner.WhenReadyAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _side.WhenReadyAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            throw _side.Stopped();
        }
        catch (TroupeException outage)
        {
            throw outage.ForOneTask();
        }
    }

    /// <inheritdoc/>
    /// <remarks>It lists no workers: those are at the hosts. Running are the tasks that are at the broker and its hosts. While the broker
    /// is away, the condition is <see cref="TroupeCondition.Starting"/> (before the first connection),
    /// <see cref="TroupeCondition.Degraded"/> (tasks wait), <see cref="TroupeCondition.Down"/> (they fault) or <see cref="TroupeCondition.Broken"/> (for good).</remarks>
    public TroupeSnapshot Snapshot() => OwnCounts(_inner.Snapshot());

    /// <inheritdoc/>
    public TroupeExplanation Explain(TroupeExplanation? since = null)
    {
        var inner = _inner.Explain(since);
        var explanation = inner with
        {
            Snapshot = OwnCounts(inner.Snapshot), Condition = RemoteExplanation.Condition(inner.Condition, _side),
        };
        return explanation with
        {
            OwnText = RemoteExplanation.TextOf(explanation, _side, _options), OwnFigures = RemoteExplanation.FiguresOf(explanation, _side),
        };
    }

    /// <summary>
    /// Sends a task for whose result nobody waits. It has a result all the same, which the host drops, and its fault is in the log of the
    /// host only. Waits without a thread while as many are being posted as <see cref="RabbitTroupeOptions.MaxInFlight"/> says.
    /// </summary>
    /// <param name="input">The input.</param>
    /// <param name="taskId">The id of the task, with which its worker can tell a repetition; null for a new one. Tasks with the same id are
    /// one task: a host that runs it, or remembers its end, does not run it again, whatever the input of the second is.</param>
    /// <param name="cancellationToken">Ends the attempt. The task may have been stored, and may run.</param>
    /// <returns>The id, once the broker has stored the task: from then on it runs at least once, even if this process dies.</returns>
    /// <exception cref="ArgumentException">The id is empty, or longer than 255 bytes in UTF-8.</exception>
    /// <exception cref="InvalidOperationException">The input is larger than <see cref="RabbitTroupeOptions.MaxPayload"/>.</exception>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    /// <exception cref="BrokerUnavailableException">There was no broker for longer than
    /// <see cref="RabbitTroupeOptions.BrokerLostAfter"/>. The task may have been stored.</exception>
    /// <exception cref="RabbitTopologyException">The broker refuses for a reason that no waiting mends.</exception>
    /// <exception cref="ObjectDisposedException">The troupe is stopped, or was aborted meanwhile.</exception>
    public async Task<string> PostAsync(TIn input, string? taskId = null, CancellationToken cancellationToken = default)
    {
        if (taskId is not null && (taskId.Length == 0 || System.Text.Encoding.UTF8.GetByteCount(taskId) > byte.MaxValue))
        {
            throw new ArgumentException(
                "The id of a task must have from 1 to 255 bytes in UTF-8. Leave it null for a new one.", nameof(taskId));
        }

        cancellationToken.ThrowIfCancellationRequested();
        taskId ??= Guid.NewGuid().ToString("N");
        await _side.PostAsync(taskId, _inputs.Write(input), cancellationToken).ConfigureAwait(false);
        GC.KeepAlive(_inner);
        return taskId;
    }

    /// <summary>
    /// Stops the troupe: takes no new work, waits for the reply of every task that was accepted, deletes the queue for the replies, and
    /// closes the connection. Once the token fires it aborts instead, and then ends within seconds, whatever the broker does.
    /// </summary>
    /// <param name="cancellationToken">Ends the patience, not the stopping.</param>
    /// <returns>A task that ends when everything has ended.</returns>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _side.Close();
        var abort = cancellationToken.UnsafeRegister(static side => ((SubmittingSide)side!).Abort(), _side);
        await using var registration = abort.ConfigureAwait(false);
        await _inner.StopAsync(cancellationToken).ConfigureAwait(false);
        await _side.Ended.ConfigureAwait(false);
    }

    /// <summary>Cancels what waits and what is under way, at the hosts, too, and waits for no answer. Takes no new work. Returns at once;
    /// dispose the troupe to wait for the end.</summary>
    public void Abort()
    {
        _side.Abort();
        _inner.Abort();
    }

    /// <summary>Stops the troupe without a limit of time; see <see cref="StopAsync"/>. May be called again, and from many
    /// threads.</summary>
    /// <returns>A task that ends when everything has ended.</returns>
    public async ValueTask DisposeAsync()
    {
        _side.Close();
        await _inner.DisposeAsync().ConfigureAwait(false);
        await _side.Ended.ConfigureAwait(false);
    }

    /// <summary>Blocks until the troupe has stopped; see <see cref="StopAsync"/>.</summary>
    public void Dispose()
    {
        _side.Close();
        _inner.Dispose();
        Blocking.Wait(_side.Ended);
    }

    /// <summary>The name and the counts, for logs.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        var now = Snapshot();
        return $"RabbitTroupe '{Name}' ({now.Condition}, {now.Waiting} of {Capacity} waiting, {now.Running} at the broker, " +
            $"{now.Succeeded} succeeded, {now.Faulted} faulted, {now.Canceled} canceled)";
    }

    private TroupeSnapshot OwnCounts(TroupeSnapshot inner) => inner with
    {
        Workers = [], MaxWorkers = MaxInFlight, Condition = RemoteExplanation.Condition(inner.Condition, _side),
    };
}
