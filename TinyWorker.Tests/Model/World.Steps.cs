using System.Globalization;
using System.Text;

namespace TinyWorker.Tests.Model;

// What goes on by itself: workers take tasks, bodies end, futures tell their dependents, the gate admits those who queue. Who of them is
// first is open, so every order is tried; what all orders come to is what the troupe may come to.
internal sealed partial record World
{
    /// <summary>The worlds in which nothing is left to do.</summary>
    public IReadOnlyList<World> Settled()
    {
        var settled = new List<World>();
        var seen = new HashSet<string>();
        var open = new Stack<World>([this]);
        while (open.TryPop(out var world))
        {
            var steps = world.Steps();
            while (steps.Count == 1)
            {
                world = steps[0];
                steps = world.Steps();
            }

            if (steps.Count == 0)
            {
                if (seen.Add(world.Key())) settled.Add(world);
                continue;
            }

            if (!seen.Add(world.Key())) continue;
            foreach (var step in steps) open.Push(step);
        }

        return settled;
    }

    /// <summary>One for each who may be next. Alone, if nothing depends on when it is done.</summary>
    private List<World> Steps()
    {
        for (var id = 0; id < Nodes.Length; id++)
            if (Nodes[id].Phase == Phase.Running && Nodes[id].Followers.IsEmpty && TryGoOn(id) is { } alone) return [alone];

        var canTake = !Ready.IsEmpty && Running < Setup.Workers;
        var mayPassOver = HandsAhead && Running > 0;
        if (canTake && AtGate.IsEmpty && !mayPassOver) return [Take(0)];

        var steps = new List<World>();
        if (canTake)
        {
            for (var place = 0; place < (mayPassOver ? Ready.Length : 1); place++) steps.Add(Take(place));
        }

        if (!AtGate.IsEmpty && Waiting < Setup.Capacity) steps.Add(Admit());
        for (var i = 0; i < Tellings.Length; i++) steps.Add(TellNext(i));
        for (var id = 0; id < Nodes.Length; id++)
            if (Nodes[id].Phase == Phase.Running && TryGoOn(id) is { } next) steps.Add(next);
        return steps;
    }

    private World Take(int place)
    {
        var id = Ready[place];
        var next = With(id, node => node with { Phase = Phase.Running, HasStarted = true, DueAt = Now + Setup.Timeout });
        return next with { Ready = Ready.RemoveAt(place), Started = Setup.Workers == 1 ? Started.Add(id) : Started };
    }

    private World Admit()
    {
        var id = AtGate[0];
        return (With(id, node => node with { Phase = Phase.Pending }) with { AtGate = AtGate.RemoveAt(0) }).Enter(id);
    }

    /// <summary>The world after a body or a step has ended, if it does so by itself.</summary>
    private World? TryGoOn(int id)
    {
        var node = Nodes[id];
        if (node.Kind == Kind.Step)
            return node.Throws ? End(id, Phase.Faulted, origin: id) : End(id, Phase.Succeeded, Next(node.Argument));
        return node.Body switch
        {
            Body.Returns => EndBody(id, Outcome.Success),
            Body.Throws => EndBody(id, Outcome.Fault),
            Body.ThrowsCancellation => EndBody(id, Outcome.Cancellation),
            Body.HeedsToken when node.IsAsked => EndBody(id, Outcome.Cancellation),
            _ => null,
        };
    }

    private World TellNext(int i)
    {
        var (ended, untold) = Tellings[i];
        var rest = untold.RemoveAt(0);
        var next = this with { Tellings = rest.IsEmpty ? Tellings.RemoveAt(i) : Tellings.SetItem(i, (ended, rest)) };
        return next.Tell(untold[0], ended);
    }

    /// <summary>A future that waits learns that one of its inputs has ended.</summary>
    private World Tell(int id, int input)
    {
        var (node, from) = (Nodes[id], Nodes[input]);
        if (node.Phase != Phase.Pending) return this;
        switch (node.Kind)
        {
            case Kind.Any:
                return End(id, Phase.Succeeded, value: input);
            case Kind.All:
                var next = With(id, all => all with { Outstanding = all.Outstanding - 1 });
                if (next.Nodes[id].Outstanding > 0) return next;
                foreach (var each in node.Inputs)
                    if (Nodes[each].HasFailed) return next.End(id, Nodes[each].Phase, origin: Nodes[each].Origin);
                return next.End(id, Phase.Succeeded, value: unchecked(Nodes[node.Inputs[0]].Value + Nodes[node.Inputs[1]].Value));
        }

        if (from.HasFailed) return End(id, from.Phase, origin: from.Origin);
        var received = With(id, waiting => waiting with { Argument = from.Value });
        return node.Kind == Kind.Step
            ? received.With(id, step => step with { Phase = Phase.Running })
            : received with { Ready = Ready.Add(id) };
    }

    /// <summary>The same for worlds that are the same.</summary>
    public string Key()
    {
        var key = new StringBuilder();
        foreach (var node in Nodes)
            key.Append(CultureInfo.InvariantCulture, $"{(int)node.Phase}.{node.Value}.{node.Origin}.{node.Argument}.{node.Outstanding}.{node.DueAt}.{string.Join('-', node.Followers)} ");
        foreach (var (ended, untold) in Tellings.OrderBy(telling => telling.Ended))
            key.Append(CultureInfo.InvariantCulture, $"{ended}:{string.Join('-', untold)} ");
        return key.Append(CultureInfo.InvariantCulture, $"{string.Join('-', Ready)} {string.Join('-', AtGate)} {string.Join('-', Started)}").ToString();
    }
}
