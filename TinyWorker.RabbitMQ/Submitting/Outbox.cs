using System.Globalization;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>The requests of a troupe, and what they share: the link of this moment, the outage, the counts. Thread-safe.</summary>
/// <remarks>Whatever changes for all is written first; then all requests are visited. See <see cref="Request"/>.</remarks>
internal sealed class Outbox
{
    /// <summary>How many requests there may be: their index is in the number of a task.</summary>
    public const int MostRequests = 1 << IndexBits;

    private const int IndexBits = 16;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    private readonly string _idPrefix;   // of the ids of all its tasks
    private ISubmittingLink? _link;
    private TroupeException? _outage;
    private long _storage;
    private bool _isAborted;             // set once
    private ITimer? _timer;              // of VisitSoon; made when first needed
    private int _isTimerSet;             // 0 or 1

    /// <param name="size">How many requests there are.</param>
    /// <param name="client">What tells the ids of this troupe object from those of all others.</param>
    /// <param name="format">How messages are written.</param>
    /// <param name="cancellationGrace">How long a cancelled task may take to answer.</param>
    /// <param name="onQueueMissing">Called whenever a message found no queue.</param>
    public Outbox(
        int size, string client, TaskMessageFormat format, TimeSpan cancellationGrace, Action onQueueMissing)
    {
        _idPrefix = client + ".";
        Format = format;
        CancellationGrace = cancellationGrace;
        NoteQueueMissing = onQueueMissing;
        Knocking = new Knocking(format.TimeProvider);
        Requests = new Request[size];
        for (var i = 0; i < size; i++) Requests[i] = new Request(this, i);
    }

    public Request[] Requests { get; }

    public TaskMessageFormat Format { get; }

    public TimeSpan CancellationGrace { get; }

    public TimeProvider TimeProvider => Format.TimeProvider;

    public SubmittingCounts Counts { get; } = new();

    public Knocking Knocking { get; }

    public Action NoteQueueMissing { get; }

    /// <summary>The link of the newest session; it may have ended. Null before the first.</summary>
    public ISubmittingLink? Link => Volatile.Read(ref _link);

    /// <summary>How everything ends that is open, or comes; null while tasks may wait for the broker.</summary>
    public TroupeException? Outage => Volatile.Read(ref _outage);

    /// <summary>Counts up whenever what was stored may be gone.</summary>
    public long Storage => Volatile.Read(ref _storage);

    /// <summary>Whether nobody waits for answers to cancellations any more.</summary>
    public bool IsAborted => Volatile.Read(ref _isAborted);

    /// <summary>How many tasks are open.</summary>
    public int Open => Requests.Count(static request => request.State != RequestState.Ended);

    public static long NumberOf(int index, long sequence) => (sequence << IndexBits) | (uint)index;

    public string IdOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{_idPrefix}{number}");

    /// <summary>There is a new session.</summary>
    /// <param name="link">The link.</param>
    /// <param name="isStorageNew">Whether the queue of tasks, or that of the replies, had to be made anew.</param>
    public void Connect(ISubmittingLink link, bool isStorageNew)
    {
        Knocking.Reset();
        if (isStorageNew) Interlocked.Increment(ref _storage);
        Interlocked.Exchange(ref _link, link);
        Visit();
    }

    /// <summary>What was stored may be gone: everything that is open is sent again.</summary>
    public void RenewStorage()
    {
        Interlocked.Increment(ref _storage);
        Visit();
    }

    /// <summary>From now on everything ends with this failure; null for the end of that.</summary>
    public void SetOutage(TroupeException? outage)
    {
        if (Interlocked.Exchange(ref _outage, outage) != outage && outage is not null) Visit();
    }

    /// <summary>Tasks that are cancelled end at once from now on.</summary>
    public void Abort()
    {
        if (!Interlocked.Exchange(ref _isAborted, true)) Visit();
    }

    /// <summary>Has every request look again at what it waits for.</summary>
    public void Visit()
    {
        foreach (var request in Requests) request.Visit();
    }

    /// <summary>The same in a moment. Thread-safe.</summary>
    public void VisitSoon()
    {
        if (Interlocked.Exchange(ref _isTimerSet, 1) != 0) return;
        _timer ??= TimeProvider.CreateTimer(
            static outbox =>
            {
                Interlocked.Exchange(ref ((Outbox)outbox!)._isTimerSet, 0);
                ((Outbox)outbox).Visit();
            },
            this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(Moment, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends the timers, once all requests have ended.</summary>
    public void End()
    {
        Knocking.End();
        if (Interlocked.Exchange(ref _isTimerSet, 1) == 0) _timer?.Dispose();
    }

    /// <summary>How a message has ended.</summary>
    public void Note(PublishOutcome outcome, int knockRound)
    {
        switch (outcome)
        {
            case PublishOutcome.Stored:
                Counts.NoteStored();
                break;
            case PublishOutcome.Rejected:
                Counts.NoteRejected();
                break;
            case PublishOutcome.Returned:
                Counts.NoteReturned();
                break;
        }

        Knocking.Note(outcome, knockRound);
    }

    /// <summary>A reply has come.</summary>
    /// <param name="taskId">To which task.</param>
    /// <param name="reply">The reply.</param>
    /// <returns>Whether it is the first one to a task that is open. Others are counted.</returns>
    public bool Receive(string? taskId, Reply reply)
    {
        if (TryFind(taskId, out var request, out var number) && request.TryEnd(number, reply)) return true;
        Counts.NoteLateReply();
        return false;
    }

    private bool TryFind(string? taskId, out Request request, out long number)
    {
        (request, number) = (null!, 0);
        if (taskId is null || !taskId.StartsWith(_idPrefix, StringComparison.Ordinal)) return false;
        if (!long.TryParse(taskId.AsSpan(_idPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number)) return false;
        var index = number & (MostRequests - 1);
        if (index >= Requests.Length) return false;
        request = Requests[index];
        return true;
    }
}
