namespace TinyWorker.RabbitMQ.Serving;

// The states of a task at its host, and what moves it on. The table of tasks owns the states: they change under its lock only.
//
//             delivered                 the local task ended                    the broker has the reply
//   (unknown) ---------> Running ------------------------------> Replying ------------------------------> Acknowledged
//                         |   ^ delivered again: joined                |   (or there is no such queue)
//                         |                                            |
//                         |                                            +-> kept: the session has ended, or the reply queue
//                         |                                                answers nothing. The reply is remembered, the broker
//                         |                                                delivers the task again, and that delivery gets the reply.
//                         +-> Returned: the local troupe is down, or the host stops. Its deliveries go back, and it is forgotten.
//
// Why nothing can be lost: a delivery is acknowledged in one place only, after the broker has confirmed its reply (or the copy of it in
// another queue, or that nobody can get a reply). Whatever goes wrong before that leaves the message with the broker: it is given back, or
// its session ends, and it comes again. Whether it is run again then depends on what is remembered.
//
// Replying and Acknowledged are those of an Answer, for a task may have several: one for each reply queue among its deliveries, and one for
// each delivery that came when it had ended.
internal enum TaskPhase
{
    /// <summary>It was given to the local troupe, or is about to be.</summary>
    Running,

    /// <summary>It has ended; its reply is remembered.</summary>
    Ended,

    /// <summary>It did not end, and went back to the broker.</summary>
    Returned,
}

/// <summary>A task that was given to the local troupe.</summary>
/// <param name="id">The id of the task.</param>
/// <param name="attempt">Which attempt this is, from 1.</param>
/// <param name="since">When it was delivered, as a timestamp.</param>
/// <param name="delivery">The delivery that brought it.</param>
internal abstract class ServedTask(string id, int attempt, long since, in Delivery delivery)
{
    private DeliveryList _deliveries = Of(delivery);   // guarded by the table
    private volatile bool _isCancelRequested;
    private volatile bool _isReturnRequested;
    private volatile bool _isRecalled;

    public string Id { get; } = id;

    public int Attempt { get; } = attempt;

    public long Since { get; } = since;

    /// <summary>Guarded by the table.</summary>
    public TaskPhase Phase { get; set; }

    /// <summary>Guarded by the table: the log was told that it takes long.</summary>
    public bool IsWarnedOf { get; set; }

    /// <summary>The submitter has cancelled it.</summary>
    public bool IsCancelRequested => _isCancelRequested;

    /// <summary>The host needs it to end without a reply.</summary>
    public bool IsReturnRequested => _isReturnRequested;

    /// <summary>The host needs it to end without a reply, if no worker has it yet.</summary>
    public bool IsRecalled => _isRecalled;

    /// <summary>Guarded by the table.</summary>
    public ref DeliveryList Deliveries => ref _deliveries;

    /// <summary>Whether no worker of the local troupe has it yet.</summary>
    public abstract bool IsWaiting { get; }

    /// <summary>The submitter has cancelled it. Outside of locks.</summary>
    public void CancelForSubmitter()
    {
        _isCancelRequested = true;
        Stop(onlyIfWaiting: false);
    }

    /// <summary>It is to end without a reply. Outside of locks.</summary>
    public void CancelForReturn()
    {
        _isReturnRequested = true;
        Stop(onlyIfWaiting: false);
    }

    /// <summary>It is to end without a reply if no worker has it yet, and else goes on. Outside of locks.</summary>
    /// <returns>Whether that ended it. One that waits for room, or that was sent ahead to a worker process, ends a little later.</returns>
    public bool Recall()
    {
        _isRecalled = true;
        return Stop(onlyIfWaiting: true);
    }

    /// <summary>Cancels the local task, or the wait for room. If there is neither yet, whoever makes it looks at the requests.</summary>
    /// <param name="onlyIfWaiting">A task that a worker has goes on.</param>
    /// <returns>With <paramref name="onlyIfWaiting"/>, whether that ended the task; else false.</returns>
    protected abstract bool Stop(bool onlyIfWaiting);

    private static DeliveryList Of(in Delivery delivery)
    {
        var list = new DeliveryList();
        list.Add(delivery);
        return list;
    }
}
