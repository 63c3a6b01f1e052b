namespace TinyWorker.Futures;

/// <summary>
/// Finds that a worker is about to wait for work of its own troupe, directly or behind other futures. That could starve the troupe.
/// </summary>
/// <remarks>
/// Searches without recursion, because a chain may have a million links. Looks at each combined future once, because the sources of a
/// WhenAll may share their own sources.
/// </remarks>
internal sealed class SelfWait
{
    private readonly IFutureOwner _troupe;
    private readonly Dictionary<ICombinedFuture, Node> _nodes = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<Node> _new = new();
    private List<IFutureNode>? _openSteps;

    private SelfWait(IFutureOwner troupe) => _troupe = troupe;

    public static bool IsThreatenedBy(IFutureNode future) =>
        WorkerScope.Troupe is { } troupe && IsThreatenedBy(future, troupe, out _);

    /// <summary>Whether a wait for the future by a worker of the troupe might starve the troupe.</summary>
    /// <param name="future">The future.</param>
    /// <param name="troupe">The troupe.</param>
    /// <param name="openSteps">Null, or the steps that have not returned yet the future that one behind this one will wait for: when one of
    /// them has, ask again.</param>
    public static bool IsThreatenedBy(IFutureNode future, IFutureOwner troupe, out List<IFutureNode>? openSteps)
    {
        openSteps = null;
        if (IsTaskBehind(future, troupe, out var combined, ref openSteps)) return true;
        if (combined is null) return false;
        var search = new SelfWait(troupe) { _openSteps = openSteps };
        var isThreatened = search.IsBehind(combined);
        openSteps = search._openSteps;
        return isThreatened;
    }

    public static InvalidOperationException Refusal() => Refusal(WorkerScope.Troupe!);

    public static InvalidOperationException Refusal(IFutureOwner troupe) => new(
        $"A worker of '{troupe.Name}' waited for an unfinished future of the same troupe, or for one that depends on it. " +
        "That could starve the troupe for ever. Submit without waiting and return the future's work, " +
        "or give that work a troupe of its own.");

    private bool IsBehind(ICombinedFuture combined)
    {
        var root = NodeOf(combined);
        while (!root.IsBehind && _new.TryPop(out var node)) Explore(node);
        return root.IsBehind;
    }

    /// <summary>Follows a future's inputs. True if an unfinished task of the troupe comes first; else gives the combined future that
    /// does, if any.</summary>
    private static bool IsTaskBehind(
        IFutureNode future, IFutureOwner troupe, out ICombinedFuture? combined, ref List<IFutureNode>? openSteps)
    {
        combined = null;
        IFutureNode? openStep = null;   // the last: none before it can return before it has
        HashSet<IFutureNode>? seen = null;
        for (IFutureNode? next = future; next is { IsCompleted: false }; next = next.Input)
        {
            if (next.WorkedBy is { } worker && worker.IsWorkedBy(troupe)) return true;
            combined = next as ICombinedFuture;
            if (combined is not null) break;
            if (next is not IUnwrappedFuture unwrapped) continue;
            if (unwrapped.Step is { IsCompleted: false } step) openStep = step;
            // What a step has returned may depend on the step itself: a wait for ever, but not for a worker.
            else if (!(seen ??= new(ReferenceEqualityComparer.Instance)).Add(next)) break;
        }

        if (openStep is not null) (openSteps ??= []).Add(openStep);
        return false;
    }

    private void Explore(Node node)
    {
        foreach (var source in node.Combined.Sources)
        {
            if (IsTaskBehind(source, _troupe, out var combined, ref _openSteps)) Count(node);
            else if (combined is not null && NodeOf(combined) is var behind)
            {
                if (behind.IsBehind) Count(node);
                else behind.Above.Add(node);
            }
        }
    }

    // One more source of the node waits for the troupe. That may decide about the node, and then about the nodes above it.
    private static void Count(Node node)
    {
        var decided = new Stack<Node>([node]);
        while (decided.TryPop(out var next))
        {
            if (--next.Missing != 0) continue;
            foreach (var above in next.Above) decided.Push(above);
        }
    }

    private Node NodeOf(ICombinedFuture combined)
    {
        if (_nodes.TryGetValue(combined, out var node)) return node;
        node = new Node(combined);
        _nodes.Add(combined, node);
        _new.Push(node);
        return node;
    }

    private sealed class Node(ICombinedFuture combined)
    {
        public ICombinedFuture Combined => combined;

        /// <summary>The combined futures that wait for this one.</summary>
        public List<Node> Above { get; } = [];

        /// <summary>
        /// How many more sources must wait for the troupe until this future does: one if it waits for all, all if it waits for the first.
        /// </summary>
        public int Missing { get; set; } = combined.EndsWithTheFirst ? combined.Sources.Length : 1;

        public bool IsBehind => Missing <= 0;
    }
}

/// <summary>A future whatever the type of its result.</summary>
internal interface IFutureNode
{
    bool IsCompleted { get; }

    /// <summary>Why it failed; null if it did not, or has not ended. To ask is no look at a fault.</summary>
    Failure? PeekedFailure { get; }

    /// <summary>The troupe that logs its fault if nobody looks at it, if any.</summary>
    IFutureOwner? FaultOwner { get; }

    /// <summary>The one future that this one waits for, if there is one and it may be unfinished.</summary>
    IFutureNode? Input { get; }

    /// <summary>The troupe, if this is the future of a task.</summary>
    IFutureOwner? WorkedBy { get; }

    void AddContinuation(IContinuation continuation);

    void ForgetContinuation(IContinuation continuation);
}

/// <summary>A future that ends as one does that a step returns.</summary>
internal interface IUnwrappedFuture
{
    /// <summary>The step; null once this future has ended.</summary>
    IFutureNode? Step { get; }
}

/// <summary>A future that waits for several others.</summary>
internal interface ICombinedFuture
{
    IFutureNode[] Sources { get; }

    /// <summary>Whether it waits for the first of them only, not for all.</summary>
    bool EndsWithTheFirst { get; }
}
