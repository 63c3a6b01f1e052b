using System.Globalization;
using System.Text;

namespace TinyWorker.Tests.Model;

// What happens without a command: workers take tasks, bodies end, futures notify their dependents, and the gate admits submissions. The
// order of these steps is open, so the model tries every order. The real troupe may reach any of the states that result.
internal sealed partial record ModelState
{
    /// <summary>The states that may follow from this one when nothing is left to do.</summary>
    public IReadOnlyList<ModelState> Settled()
    {
        var settled = new List<ModelState>();
        var seen = new HashSet<string>();
        var open = new Stack<ModelState>([this]);
        while (open.TryPop(out var state))
        {
            var steps = state.Steps();
            while (steps.Count == 1 && !state.MayTakeMore)
            {
                state = steps[0];
                steps = state.Steps();
            }

            if (!seen.Add(state.Key())) continue;
            if (steps.Count == 0) settled.Add(state);
            state.AddPossibleTakes(steps);
            foreach (var step in steps) open.Push(step);
        }

        return settled;
    }

    /// <summary>The states after one step: one for each possible step, or only one if its timing cannot matter.</summary>
    private List<ModelState> Steps()
    {
        for (var id = 0; id < Futures.Length; id++)
            if (Futures[id].Phase == Phase.Running && EndsUnnoticed(id) && TryEndByItself(id) is { } alone) return [alone];

        var steps = new List<ModelState>();
        AddTakes(steps);
        if (!GateQueue.IsEmpty && Waiting < Setup.Capacity) steps.Add(Admit());
        for (var i = 0; i < PendingNotifications.Length; i++) steps.Add(NotifyNext(i));
        for (var id = 0; id < Futures.Length; id++)
            if (Futures[id].Phase == Phase.Running && TryEndByItself(id) is { } next) steps.Add(next);
        return steps;
    }

    // Whether nothing depends on when the task ends: it is not tried again, nobody waits for it, and its key stays where it is.
    private bool EndsUnnoticed(int id) =>
        Futures[id] is { Dependents.IsEmpty: true } future
        && (future.Key is null || !IsResized) && !IsTriedAgain(id, future.Body == Body.Throws);

    private ModelState Admit()
    {
        var id = GateQueue[0];
        return (With(id, future => future with { Phase = Phase.Pending }) with { GateQueue = GateQueue.RemoveAt(0) }).Connect(id);
    }

    /// <summary>The state after a body or a step has ended, if it does so by itself.</summary>
    private ModelState? TryEndByItself(int id)
    {
        var future = Futures[id];
        if (future.Kind == FutureKind.Step)
            return future.Throws ? End(id, Phase.Faulted, origin: id) : End(id, Phase.Succeeded, Next(future.Argument));
        return future.Body switch
        {
            Body.Returns => EndBody(id, Outcome.Success),
            Body.Throws => EndBody(id, Outcome.Fault),
            Body.ThrowsCancellation => EndBody(id, Outcome.Cancellation),
            Body.HeedsToken when future.IsStopRequested => EndBody(id, Outcome.Cancellation),
            _ => null,
        };
    }

    private ModelState NotifyNext(int i)
    {
        var (ended, remaining) = PendingNotifications[i];
        var rest = remaining.RemoveAt(0);
        var pending = rest.IsEmpty ? PendingNotifications.RemoveAt(i) : PendingNotifications.SetItem(i, (ended, rest));
        return (this with { PendingNotifications = pending }).Notify(remaining[0], ended);
    }

    /// <summary>Notifies a waiting future that one of its inputs has ended.</summary>
    private ModelState Notify(int id, int input)
    {
        var (future, from) = (Futures[id], Futures[input]);
        if (future.Phase != Phase.Pending) return this;
        switch (future.Kind)
        {
            case FutureKind.Any:
                return End(id, Phase.Succeeded, value: input);
            case FutureKind.All:
                var next = With(id, all => all with { Outstanding = all.Outstanding - 1 });
                if (next.Futures[id].Outstanding > 0) return next;
                foreach (var each in future.Inputs)
                    if (Futures[each].HasFailed) return next.End(id, Futures[each].Phase, origin: Futures[each].Origin);
                return next.End(id, Phase.Succeeded, value: unchecked(Futures[future.Inputs[0]].Value + Futures[future.Inputs[1]].Value));
        }

        if (from.HasFailed) return End(id, from.Phase, origin: from.Origin);
        var received = With(id, waiting => waiting with { Argument = from.Value });
        return future.Kind == FutureKind.Step
            ? received.With(id, step => step with { Phase = Phase.Running })
            : received.Enqueue(id);
    }

    /// <summary>A text that is equal for equal states.</summary>
    public string Key()
    {
        var key = new StringBuilder();
        foreach (var future in Futures)
        {
            key.Append(CultureInfo.InvariantCulture, $"{(int)future.Phase}.{future.Value}.{future.Origin}.{future.Argument}.");
            key.Append(CultureInfo.InvariantCulture, $"{future.Outstanding}.{future.DueAt}.{string.Join('-', future.Dependents)}.");
            key.Append(CultureInfo.InvariantCulture, $"{future.At}.{future.Starts} ");
        }

        foreach (var (ended, remaining) in PendingNotifications.OrderBy(pending => pending.Ended))
            key.Append(CultureInfo.InvariantCulture, $"{ended}:{string.Join('-', remaining)} ");
        key.Append(CultureInfo.InvariantCulture, $"{string.Join('-', Ready)} {string.Join('-', GateQueue)} {string.Join('-', Started)}");
        key.Append(CultureInfo.InvariantCulture, $" {OwnTurns} {HasTombstones}");
        foreach (var started in StartedOfKeys) key.Append(CultureInfo.InvariantCulture, $" {string.Join('-', started)}");
        return key.ToString();
    }
}
