namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>What was counted since the troupe was made. Thread-safe.</summary>
internal sealed class SubmittingCounts
{
    private long _sent;
    private long _stored;
    private long _sentAgain;
    private long _rejected;
    private long _returned;
    private long _lateReplies;
    private long _deadLettered;

    public long Sent => Interlocked.Read(ref _sent);

    public long Stored => Interlocked.Read(ref _stored);

    public long SentAgain => Interlocked.Read(ref _sentAgain);

    public long Rejected => Interlocked.Read(ref _rejected);

    public long Returned => Interlocked.Read(ref _returned);

    public long LateReplies => Interlocked.Read(ref _lateReplies);

    public long DeadLettered => Interlocked.Read(ref _deadLettered);

    public void NoteSent(bool again)
    {
        Interlocked.Increment(ref _sent);
        if (again) Interlocked.Increment(ref _sentAgain);
    }

    public void NoteStored() => Interlocked.Increment(ref _stored);

    public void NoteRejected() => Interlocked.Increment(ref _rejected);

    public void NoteReturned() => Interlocked.Increment(ref _returned);

    public void NoteLateReply() => Interlocked.Increment(ref _lateReplies);

    public void NoteDeadLettered() => Interlocked.Increment(ref _deadLettered);
}
