using System.Collections.Immutable;

namespace TinyWorker.Tests.Model;

/// <summary>
/// The model: a troupe and the futures around it, as values. A command makes the next world; <see cref="Settled"/> says what that may come to
/// once everybody has done what there is to do.
/// </summary>
/// <param name="Setup">The troupe's options.</param>
/// <param name="HandsAhead">Whether a busy worker may hold tasks that wait, so that a free one passes over them (worker processes).</param>
internal sealed partial record World(Setup Setup, bool HandsAhead)
{
    public ImmutableArray<Node> Nodes { get; init; } = [];

    /// <summary>The channel.</summary>
    public ImmutableArray<int> Ready { get; init; } = [];

    /// <summary>The submitters that wait for a place.</summary>
    public ImmutableArray<int> AtGate { get; init; } = [];

    /// <summary>Futures that have ended, and whom they have not told so far.</summary>
    public ImmutableArray<(int Ended, ImmutableArray<int> Untold)> Tellings { get; init; } = [];

    /// <summary>In which order tasks were started; known with one worker only.</summary>
    public ImmutableArray<int> Started { get; init; } = [];

    public int Now { get; init; }

    public bool IsClosed { get; init; }

    public bool IsStopping { get; init; }

    public bool HasNoPatience { get; init; }

    public int Accepted => Count(node => node is { Kind: Kind.Task, IsThere: true });

    public int Waiting => Count(node => node is { Kind: Kind.Task, Phase: Phase.Pending });

    public int Running => Count(node => node is { Kind: Kind.Task, Phase: Phase.Running });

    public bool HasRoom => AtGate.IsEmpty && Waiting < Setup.Capacity;

    /// <summary>Whether a teardown is over.</summary>
    public bool IsGone => IsClosed && Waiting + Running == 0;

    public int CountTasks(Phase phase) => Count(node => node.Kind == Kind.Task && node.Phase == phase);

    public int CountGivenUp => Count(node => node.IsGivenUp);

    // Commands: the world after each of them, and what it answers. ---------------------------------

    public World AddSource() => Add(new Node(Kind.Source, Phase.Pending));

    public World AddStep(int input, bool throws) => Add(new Node(Kind.Step, Phase.Pending) { Inputs = [input], Throws = throws }).Follow();

    public World AddAll(int first, int second) =>
        Add(new Node(Kind.All, Phase.Pending) { Inputs = [first, second], Outstanding = 2 }).Follow();

    public World AddAny(int first, int second) => Add(new Node(Kind.Any, Phase.Pending) { Inputs = [first, second] }).Follow();

    public World AddCallback(int id) => With(id, node => node with { Callbacks = node.Callbacks + 1 });

    public World Submit(Body body, int? input, Token token, out Phase answer)
    {
        answer = token == Token.Fired ? Phase.Withdrawn : IsClosed ? Phase.Refused : HasRoom ? Phase.Pending : Phase.Queued;
        var id = Nodes.Length;
        var task = new Node(Kind.Task, answer)
        {
            Body = body, HasToken = token == Token.Live, Inputs = input is { } some ? [some] : [], Argument = id,
        };
        var next = Add(task);
        return answer switch
        {
            Phase.Pending => next.Follow(),
            Phase.Queued => next with { AtGate = AtGate.Add(id) },
            _ => next,
        };
    }

    public World TrySubmit(Body body, out Phase answer)
    {
        if (IsClosed || HasRoom) return Submit(body, input: null, Token.None, out answer);
        answer = Phase.Withdrawn;
        return Add(new Node(Kind.Task, answer));
    }

    public World Complete(int source, Outcome outcome, out bool answer)
    {
        answer = !Nodes[source].HasEnded;
        if (!answer) return this;
        return outcome switch
        {
            Outcome.Success => End(source, Phase.Succeeded, value: source),
            Outcome.Fault => End(source, Phase.Faulted, origin: source),
            _ => End(source, Phase.Canceled, origin: source),
        };
    }

    public World Cancel(int id, out bool answer)
    {
        var node = Nodes[id];
        answer = !node.HasEnded && !node.IsAsked;
        if (!answer) return this;
        return node.Phase == Phase.Running ? Ask(id, timedOut: false) : End(id, Phase.Canceled, origin: id);
    }

    public World FireToken(int id) => Nodes[id].Phase switch
    {
        Phase.Queued => With(id, node => node with { Phase = Phase.Withdrawn }) with { AtGate = AtGate.Remove(id) },
        Phase.Refused or Phase.Withdrawn => this,
        _ => Cancel(id, out _),
    };

    public World Release(int id, Outcome outcome) => EndBody(id, outcome);

    public World Advance(int hours)
    {
        var next = this with { Now = Now + hours };
        for (var id = 0; id < Nodes.Length; id++)
        {
            if (Nodes[id] is not { Phase: Phase.Running, DueAt: { } due } node || due > next.Now) continue;
            next = !node.IsAsked
                ? next.Ask(id, timedOut: true)
                : next.With(id, late => late with { IsGivenUp = true }).End(id, node.IsTimedOut ? Phase.Faulted : Phase.Canceled, origin: id);
        }

        return next;
    }

    public World Close()
    {
        var next = this with { IsClosed = true, AtGate = [] };
        foreach (var id in AtGate) next = next.With(id, node => node with { Phase = Phase.Refused });
        return next;
    }

    /// <summary>A teardown whose patience can end, or has.</summary>
    public World Stop() => HasNoPatience ? Close().Abort() : Close() with { IsStopping = true };

    /// <summary>Nothing happens to a teardown that is over.</summary>
    public World EndPatience() => (IsStopping && !IsGone ? Abort() : this) with { HasNoPatience = true };

    public World Abort()
    {
        var next = Close();
        for (var id = 0; id < Nodes.Length; id++)
        {
            if (Nodes[id].Kind != Kind.Task) continue;
            // Of its input's end and of the abort, whichever came first: so whose exception it has is open.
            if (Nodes[id].Phase == Phase.Pending) next = next.End(id, Phase.Canceled);
            if (Nodes[id] is { Phase: Phase.Running, IsAsked: false }) next = next.Ask(id, timedOut: false);
        }

        return next;
    }

    // What commands are made of. -------------------------------------------------------------------

    private int Count(Predicate<Node> predicate)
    {
        var count = 0;
        foreach (var node in Nodes)
            if (predicate(node)) count++;
        return count;
    }

    private World With(int id, Func<Node, Node> change) => this with { Nodes = Nodes.SetItem(id, change(Nodes[id])) };

    private World Add(Node node) => this with { Nodes = Nodes.Add(node) };

    /// <summary>The last future starts to wait for its inputs.</summary>
    private World Follow() => Enter(Nodes.Length - 1);

    private World Enter(int id)
    {
        var next = this;
        if (Nodes[id].Inputs.IsEmpty) next = next with { Ready = Ready.Add(id) };
        foreach (var input in Nodes[id].Inputs)
        {
            next = Nodes[input].HasEnded
                ? next.Tell(id, input)
                : next.With(input, node => node with { Followers = node.Followers.Add(id) });
        }

        return next;
    }

    private World Ask(int id, bool timedOut) =>
        With(id, node => node with { IsAsked = true, IsTimedOut = timedOut, DueAt = Now + Setup.Grace });

    private World EndBody(int id, Outcome outcome)
    {
        var node = Nodes[id];
        if (node.IsTimedOut) return End(id, Phase.Faulted, origin: id);
        return outcome switch
        {
            Outcome.Success => End(id, Phase.Succeeded, Result(id, node.Argument)),
            Outcome.Cancellation when node.IsAsked => End(id, Phase.Canceled, origin: id),
            _ => End(id, Phase.Faulted, origin: id),
        };
    }

    /// <summary>What a task returns.</summary>
    public static int Result(int id, int argument) => unchecked((argument * 31) + id + 1);

    /// <summary>What a step returns.</summary>
    public static int Next(int argument) => unchecked(argument + 7);

    private World End(int id, Phase phase, int value = 0, int origin = -1)
    {
        var followers = Nodes[id].Followers;
        var next = With(id, node => node with { Phase = phase, Value = value, Origin = origin, Followers = [], DueAt = null });
        var place = Ready.IndexOf(id);
        if (place >= 0) next = next with { Ready = Ready.RemoveAt(place) };
        return followers.IsEmpty ? next : next with { Tellings = Tellings.Add((id, followers)) };
    }
}
