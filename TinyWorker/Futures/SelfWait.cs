using TinyWorker.Backends;

namespace TinyWorker.Futures;

/// <summary>
/// A worker that waits for work of its own troupe, which could starve the troupe for ever: it is told at once, also where that work is only
/// behind what it waits for. Without recursion, and each gathering once: a chain may have a million links, and what a WhenAll gathers
/// may meet again and again.
/// </summary>
internal sealed class SelfWait
{
    private readonly ITroupeCore _troupe;
    private readonly Dictionary<IGathering, Node> _nodes = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<Node> _new = new();

    private SelfWait(ITroupeCore troupe) => _troupe = troupe;

    public static bool IsThreatenedBy(IWatchable future)
    {
        if (InsideWorker.Troupe is not { } troupe) return false;
        if (IsTaskBehind(future, troupe, out var gathering)) return true;
        return gathering is not null && new SelfWait(troupe).IsBehind(gathering);
    }

    public static InvalidOperationException Refusal() => new(
        $"A worker of '{InsideWorker.Troupe!.Name}' waited for an unfinished future of the same troupe, or for one behind it, which could starve " +
        "the troupe for ever. Submit without waiting and return the future's work, or give that work a troupe of its own.");

    private bool IsBehind(IGathering gathering)
    {
        var root = NodeOf(gathering);
        while (!root.IsBehind && _new.TryPop(out var node)) Explore(node);
        return root.IsBehind;
    }

    /// <summary>Follows a future's inputs: to an unfinished task of the troupe (true), else to a gathering, or to neither.</summary>
    private static bool IsTaskBehind(IWatchable future, ITroupeCore troupe, out IGathering? gathering)
    {
        gathering = null;
        for (IWatchable? next = future; next is { IsCompleted: false }; next = next.Input)
        {
            if (next.WorkedBy == troupe) return true;
            gathering = next as IGathering;
            if (gathering is not null) return false;
        }

        return false;
    }

    private void Explore(Node node)
    {
        foreach (var source in node.Gathering.Sources)
        {
            if (IsTaskBehind(source, _troupe, out var gathering)) Count(node);
            else if (gathering is not null && NodeOf(gathering) is var behind)
            {
                if (behind.IsBehind) Count(node);
                else behind.Above.Add(node);
            }
        }
    }

    // One more source of the node is behind the troupe; perhaps that decides about it, and about those above it.
    private static void Count(Node node)
    {
        var decided = new Stack<Node>([node]);
        while (decided.TryPop(out var next))
        {
            if (--next.Missing != 0) continue;
            foreach (var above in next.Above) decided.Push(above);
        }
    }

    private Node NodeOf(IGathering gathering)
    {
        if (_nodes.TryGetValue(gathering, out var node)) return node;
        node = new Node(gathering);
        _nodes.Add(gathering, node);
        _new.Push(node);
        return node;
    }

    private sealed class Node(IGathering gathering)
    {
        public IGathering Gathering => gathering;

        /// <summary>The gatherings that wait for this one.</summary>
        public List<Node> Above { get; } = [];

        /// <summary>How many more sources must be behind the troupe for this one to be: any of them, or all where the first would do.</summary>
        public int Missing { get; set; } = gathering.EndsWithTheFirst ? gathering.Sources.Length : 1;

        public bool IsBehind => Missing <= 0;
    }
}
