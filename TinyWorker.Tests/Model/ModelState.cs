using System.Collections.Immutable;

namespace TinyWorker.Tests.Model;

/// <summary>
/// The model: the state of a troupe and of the futures around it, as an immutable value. A command makes the next state.
/// <see cref="Settled"/> returns the states that may follow once nothing is left to do.
/// </summary>
/// <param name="Setup">The troupe's options.</param>
/// <param name="Prefetches">
/// Whether a busy worker may hold waiting tasks, so that a free worker takes a later one (worker processes).
/// </param>
internal sealed partial record ModelState(Setup Setup, bool Prefetches)
{
    public ImmutableArray<ModelFuture> Futures { get; init; } = [];

    /// <summary>The tasks in the queue, which wait for a worker.</summary>
    public ImmutableArray<int> Ready { get; init; } = [];

    /// <summary>The submissions that wait for a place.</summary>
    public ImmutableArray<int> GateQueue { get; init; } = [];

    /// <summary>Futures that have ended, and the dependents that they have not notified so far.</summary>
    public ImmutableArray<(int Ended, ImmutableArray<int> Remaining)> PendingNotifications { get; init; } = [];

    /// <summary>The order in which tasks were started; known only with one worker, until the troupe is resized.</summary>
    public ImmutableArray<int> Started { get; init; } = [];

    public int Now { get; init; }

    public bool IsClosed { get; init; }

    private bool IsAborted { get; init; }

    /// <summary>Whether StopAsync was called.</summary>
    public bool IsStopping { get; init; }

    /// <summary>Whether the token of every StopAsync has fired.</summary>
    public bool IsStopTokenFired { get; init; }

    public int Accepted => Count(future => future is { Kind: FutureKind.Task, Exists: true });

    public int Waiting => Count(future => future is { Kind: FutureKind.Task, Phase: Phase.Pending });

    public int Running => Count(future => future is { Kind: FutureKind.Task, Phase: Phase.Running });

    public bool HasRoom => GateQueue.IsEmpty && Waiting < Setup.Capacity;

    /// <summary>Whether every teardown has ended.</summary>
    public bool IsTornDown => IsClosed && Waiting + Running == 0;

    public int CountTasks(Phase phase) => Count(future => future.Kind == FutureKind.Task && future.Phase == phase);

    public int CountAbandoned => Count(future => future.IsAbandoned);

    // Commands: each returns the next state, and some an answer. -----------------------------------

    public ModelState AddSource() => Add(new ModelFuture(FutureKind.Source, Phase.Pending));

    public ModelState AddStep(int input, bool throws) =>
        Add(new ModelFuture(FutureKind.Step, Phase.Pending) { Inputs = [input], Throws = throws }).ConnectLast();

    public ModelState AddAll(int first, int second) =>
        Add(new ModelFuture(FutureKind.All, Phase.Pending) { Inputs = [first, second], Outstanding = 2 }).ConnectLast();

    public ModelState AddAny(int first, int second) =>
        Add(new ModelFuture(FutureKind.Any, Phase.Pending) { Inputs = [first, second] }).ConnectLast();

    public ModelState AddCallback(int id) => With(id, future => future with { Callbacks = future.Callbacks + 1 });

    public ModelState Submit(Body body, int? input, SubmissionToken token, Terms terms, out Phase answer)
    {
        answer = token == SubmissionToken.Fired ? Phase.Withdrawn : IsClosed ? Phase.Refused : HasRoom ? Phase.Pending : Phase.Queued;
        var id = Futures.Length;
        var task = new ModelFuture(FutureKind.Task, answer)
        {
            Body = body, TokenOf = token == SubmissionToken.Live ? id : -1, Inputs = input is { } some ? [some] : [], Argument = id,
            Priority = terms.Priority, Key = terms.Key, DeadlineAt = Now + terms.Deadline,
        };
        var next = Add(task);
        return answer switch
        {
            Phase.Pending => next.ConnectLast(),
            Phase.Queued => next with { GateQueue = GateQueue.Add(id) },
            _ => next,
        };
    }

    public ModelState TrySubmit(Body body, Terms terms, out Phase answer)
    {
        if (IsClosed || HasRoom) return Submit(body, input: null, SubmissionToken.None, terms, out answer);
        answer = Phase.Withdrawn;
        return Add(new ModelFuture(FutureKind.Task, answer));
    }

    /// <summary>One task for every worker, past the bound.</summary>
    public ModelState SubmitToEach(Body body, SubmissionToken token, out Phase answer)
    {
        answer = token == SubmissionToken.Fired ? Phase.Withdrawn : IsClosed ? Phase.Refused : Phase.Pending;
        if (answer != Phase.Pending) return Add(new ModelFuture(FutureKind.Task, answer));
        var (first, next) = (Futures.Length, this);
        for (var place = 0; place < Most; place++)
        {
            next = next.Add(new ModelFuture(FutureKind.Task, answer)
            {
                Body = body, TokenOf = token == SubmissionToken.Live ? first : -1, Argument = first, Place = place,
            }).ConnectLast();
        }

        return next;
    }

    /// <summary>Nothing starts from now on. Whoever ends the troupe overrules that.</summary>
    public ModelState Pause() => IsClosed || IsPaused ? this : this with
    {
        IsPaused = true, MayGoOn = SendsAhead ? MayGoOn | Busy : 0,
    };

    public ModelState Resume() => this with { IsPaused = false, MayGoOn = MayGoOn & ~((1 << Most) - 1) };

    public ModelState Complete(int source, Outcome outcome, out bool answer)
    {
        answer = !Futures[source].HasEnded;
        if (!answer) return this;
        return outcome switch
        {
            Outcome.Success => End(source, Phase.Succeeded, value: source),
            Outcome.Fault => End(source, Phase.Faulted, origin: source),
            _ => End(source, Phase.Canceled, origin: source),
        };
    }

    public ModelState Cancel(int id, out bool answer)
    {
        var future = Futures[id];
        answer = !future.HasEnded && !future.IsStopRequested;
        if (!answer) return this;
        return future.Phase == Phase.Running ? RequestStop(id, timedOut: false) : End(id, Phase.Canceled, origin: id);
    }

    public ModelState FireToken(int owner)
    {
        var next = this;
        for (var id = owner; id < Futures.Length; id++)
        {
            if (Futures[id].TokenOf != owner) continue;
            next = Futures[id].Phase switch
            {
                Phase.Queued => next.With(id, future => future with { Phase = Phase.Withdrawn }) with
                {
                    GateQueue = next.GateQueue.Remove(id),
                },
                Phase.Refused or Phase.Withdrawn => next,
                _ => next.Cancel(id, out _),
            };
        }

        return next;
    }

    public ModelState Release(int id, Outcome outcome) => EndBody(id, outcome);

    public ModelState Advance(int hours)
    {
        var next = this with { Now = Now + hours };
        while (next.FirstDue() is { } id)
        {
            var future = next.Futures[id];
            if (future.Phase != Phase.Running) next = next.EndAtDeadline(id);
            else next = future.IsStopRequested ? next.Abandon(id) : next.RequestStop(id, timedOut: true);
        }

        return next;
    }

    /// <summary>The task whose time is over first: its end may be that of another.</summary>
    private int? FirstDue()
    {
        (int Id, double At)? first = null;
        for (var id = 0; id < Futures.Length; id++)
        {
            var future = Futures[id];
            // A deadline is half an hour earlier, so that it never falls on the end of a grace period.
            double? at = future.Phase switch
            {
                Phase.Running => future.DueAt,
                Phase.Queued or Phase.Pending => future.DeadlineAt - 0.5,
                _ => null,
            };
            if (at <= Now && (first is null || at < first.Value.At)) first = (id, at.Value);
        }

        return first?.Id;
    }

    public ModelState Close()
    {
        var next = Resume() with { IsClosed = true, GateQueue = [] };
        foreach (var id in GateQueue) next = next.With(id, future => future with { Phase = Phase.Refused });
        return next;
    }

    /// <summary>A teardown whose token can fire, or has fired.</summary>
    public ModelState Stop() => IsStopTokenFired ? Close().Abort() : Close() with { IsStopping = true };

    /// <summary>Aborts, unless every teardown has ended.</summary>
    public ModelState FireStopToken() => (IsStopping && !IsTornDown ? Abort() : this) with { IsStopTokenFired = true };

    public ModelState Abort()
    {
        var next = Close() with { IsAborted = true };
        for (var id = 0; id < Futures.Length; id++)
        {
            if (Futures[id].Kind != FutureKind.Task) continue;
            // The abort and the end of the input race for the task, so the model leaves open whose exception the task has.
            if (Futures[id].Phase == Phase.Pending) next = next.End(id, Phase.Canceled);
            if (Futures[id] is { Phase: Phase.Running, IsStopRequested: false }) next = next.RequestStop(id, timedOut: false);
        }

        return next;
    }

    // Parts of the commands. -----------------------------------------------------------------------

    private int Count(Predicate<ModelFuture> predicate)
    {
        var count = 0;
        foreach (var future in Futures)
            if (predicate(future)) count++;
        return count;
    }

    private ModelState With(int id, Func<ModelFuture, ModelFuture> change) =>
        this with { Futures = Futures.SetItem(id, change(Futures[id])) };

    private ModelState Add(ModelFuture future) => this with { Futures = Futures.Add(future) };

    /// <summary>Lets the last future wait for its inputs.</summary>
    private ModelState ConnectLast() => Connect(Futures.Length - 1);

    private ModelState Connect(int id)
    {
        var next = this;
        if (Futures[id].Inputs.IsEmpty) next = next.Enqueue(id);
        foreach (var input in Futures[id].Inputs)
        {
            next = Futures[input].HasEnded
                ? next.Notify(id, input)
                : next.With(input, future => future with { Dependents = future.Dependents.Add(id) });
        }

        return next;
    }

    private ModelState RequestStop(int id, bool timedOut) =>
        With(id, future => future with { IsStopRequested = true, IsTimedOut = timedOut, DueAt = Now + Setup.Grace });

    // A submission that still waits for a place counts as accepted.
    private ModelState EndAtDeadline(int id) => With(id, future => future with { IsTimedOut = true })
        .End(id, Phase.Faulted, origin: id) with { GateQueue = GateQueue.Remove(id) };

    private ModelState Abandon(int id) => With(id, future => future with { IsAbandoned = true })
        .End(id, Futures[id].IsTimedOut ? Phase.Faulted : Phase.Canceled, origin: id);

    private ModelState EndBody(int id, Outcome outcome)
    {
        var future = Futures[id];
        if (future.IsTimedOut) return End(id, Phase.Faulted, origin: id);
        if (IsTriedAgain(id, outcome == Outcome.Fault)) return PutBack(id);
        return outcome switch
        {
            Outcome.Success => End(id, Phase.Succeeded, Result(id, future.Argument)),
            Outcome.Cancellation when future.IsStopRequested => End(id, Phase.Canceled, origin: id),
            _ => End(id, Phase.Faulted, origin: id),
        };
    }

    private bool IsTriedAgain(int id, bool hasFailed) =>
        hasFailed && Futures[id] is { Kind: FutureKind.Task, IsStopRequested: false } task && task.Starts < Setup.Attempts;

    /// <summary>The result of a task.</summary>
    public static int Result(int id, int argument) => unchecked((argument * 31) + id + 1);

    /// <summary>The result of a step.</summary>
    public static int Next(int argument) => unchecked(argument + 7);

    private ModelState End(int id, Phase phase, int value = 0, int origin = -1)
    {
        var dependents = Futures[id].Dependents;
        var next = With(id, future => future with
        {
            Phase = phase, Value = value, Origin = origin, Dependents = [], DueAt = null, At = future.IsForOneWorker ? future.At : -1,
        });
        var place = Ready.IndexOf(id);
        if (place >= 0) next = next with { Ready = Ready.RemoveAt(place), HasTombstones = true };
        return dependents.IsEmpty ? next : next with { PendingNotifications = PendingNotifications.Add((id, dependents)) };
    }
}

/// <summary>What a submission asks for.</summary>
internal readonly record struct Terms(int Priority = 0, string? Key = null, int? Deadline = null);
