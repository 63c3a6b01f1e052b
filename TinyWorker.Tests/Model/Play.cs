using System.Diagnostics;

namespace TinyWorker.Tests.Model;

/// <summary>
/// One sequence of commands, done to the model and to a real troupe. Workers run on other threads, so after each command the two need not agree
/// at once; but they must come to, and the troupe may come only to what the model says.
/// </summary>
internal sealed class Play(Subject subject, World start, TimeSpan patience)
{
    // Worker processes that were killed one after the other are replaced after a pause, which the clock must pass. An hour has many of them.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BetweenPauses = TimeSpan.FromMilliseconds(2);

    private readonly List<string> _done = [];
    private IReadOnlyList<World> _worlds = [start];   // all that the troupe may be in; what can be seen is the same in all of them

    private World World => _worlds[0];

    public void Do(Command command)
    {
        switch (command)
        {
            case Command.Submit(var body, var of, var token) when World.HasRoom || World.IsClosed || token == Token.Fired:
                var input = Input(of);
                Do($"Submit({body}, {input}, {token})", world => (world.Submit(body, input, token, out var answer), answer), () => subject.Submit(body, input, token));
                break;
            case Command.Submit(var body, var of, var token):
                SubmitAsync(body, Input(of), token);
                break;
            case Command.SubmitAsync(var body, var of, var token):
                SubmitAsync(body, Input(of), token);
                break;
            case Command.TrySubmit(var body):
                Do($"TrySubmit({body})", world => (world.TrySubmit(body, out var answer), answer), () => subject.TrySubmit(body));
                break;
            case Command.Release(var which, var outcome):
                if (Find(which, node => node is { Kind: Kind.Task, Phase: Phase.Running }) is { } running)
                    Do($"Release({running}, {outcome})", world => world.Release(running, outcome), () => subject.Release(running, outcome));
                break;
            case Command.Cancel(var which):
                if (Find(which, node => node.IsThere) is { } cancelled)
                    Do($"Cancel({cancelled})", world => (world.Cancel(cancelled, out var answer), answer), () => subject.Cancel(cancelled));
                break;
            case Command.FireToken(var which):
                if (Find(which, node => node.HasToken) is { } submission)
                    Do($"FireToken({submission})", world => world.FireToken(submission), () => subject.FireToken(submission));
                break;
            case Command.AddSource:
                Do($"AddSource()", world => world.AddSource(), subject.AddSource);
                break;
            case Command.Complete(var which, var outcome):
                if (Find(which, node => node.Kind == Kind.Source) is { } source)
                    Do($"Complete({source}, {outcome})", world => (world.Complete(source, outcome, out var answer), answer), () => subject.Complete(source, outcome));
                break;
            case Command.Then(var which, var throws):
                if (Find(which, node => node.IsThere) is { } before)
                    Do($"Then({before}, {throws})", world => world.AddStep(before, throws), () => subject.Then(before, throws));
                break;
            case Command.WhenAll(var first, var second):
                if (Number(first) is { } one && Number(second) is { } other)
                    Do($"WhenAll({one}, {other})", world => world.AddAll(one, other), () => subject.WhenAll(one, other));
                break;
            case Command.WhenAny(var first, var second):
                if (Number(first) is { } either && Number(second) is { } or)
                    Do($"WhenAny({either}, {or})", world => world.AddAny(either, or), () => subject.WhenAny(either, or));
                break;
            case Command.AddCallback(var which):
                if (Find(which, node => node.IsThere) is { } watched)
                    Do($"AddCallback({watched})", world => world.AddCallback(watched), () => subject.AddCallback(watched));
                break;
            case Command.Advance(var hours):
                Do($"Advance({hours})", world => world.Advance(hours), () => subject.Advance(TimeSpan.FromHours(hours)));
                break;
            case Command.Abort:
                Do($"Abort()", world => world.Abort(), subject.Troupe.Abort);
                break;
            case Command.Dispose:
                Do($"Dispose()", world => world.Close(), () => subject.Dispose(byStop: false));
                break;
            case Command.Stop:
                Do($"Stop()", world => world.Stop(), () => subject.Dispose(byStop: true));
                break;
            case Command.EndPatience:
                Do($"EndPatience()", world => world.EndPatience(), subject.EndPatience);
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Ends everything, and looks at what it has come to.</summary>
    public void End()
    {
        Do(new Command.Dispose());
        while (Find(0, node => node is { Kind: Kind.Source, HasEnded: false }) is { } source)
            Do($"Complete({source}, Success)", world => (world.Complete(source, Outcome.Success, out var answer), answer), () => subject.Complete(source, Outcome.Success));
        while (World.Running > 0) Do(new Command.Release(0, Outcome.Success));
        foreach (var id in Enumerable.Range(0, World.Nodes.Length).Where(id => World.Nodes[id].IsThere)) CheckEnd(id);
        // One that was given up is disposed when its code returns, if its process lives.
        if (subject.LeftWorkers < 0 || subject.LeftWorkers > World.CountGivenUp) throw Disagreement($"{subject.LeftWorkers} workers are not disposed");
        if (subject.ArmedTimers > 0) throw Disagreement($"{subject.ArmedTimers} timers are left");
    }

    private void CheckEnd(int id)
    {
        var node = World.Nodes[id];
        if (!node.HasEnded) throw Disagreement($"{node.Kind} {id} has not ended");
        if (!node.HasFailed || node.Origin < 0) return;
        var end = subject.EndOf(id);
        if (node.Origin != id && end != subject.EndOf(node.Origin)) throw Disagreement($"{node.Kind} {id} has not the exception of {node.Origin}, but {end}");
        var isAsExpected = World.Nodes[node.Origin] switch
        {
            { Phase: Phase.Canceled } => end is OperationCanceledException,
            { IsTimedOut: true } => end is TimeoutException,
            { Kind: Kind.Step } => end is FormatException { Message: "fault of a step" },
            _ => end is FormatException or OperationCanceledException && ((Exception)end).Message.EndsWith($" of {node.Origin}", StringComparison.Ordinal),
        };
        if (!isAsExpected) throw Disagreement($"{node.Kind} {id} has ended with {end}");
    }

    private void SubmitAsync(Body body, int? input, Token token) => Do(
        $"SubmitAsync({body}, {input}, {token})", world => (world.Submit(body, input, token, out var answer), answer), () => subject.SubmitAsync(body, input, token));

    private int? Input(int? of) => of is { } which ? Number(which) : null;

    private int? Number(int which) => Find(which, node => node is { Kind: Kind.Source or Kind.Task or Kind.Step, IsThere: true });

    private int? Find(int which, Predicate<Node> predicate)
    {
        var found = Enumerable.Range(0, World.Nodes.Length).Where(id => predicate(World.Nodes[id])).ToArray();
        return found.Length == 0 ? null : found[^(1 + (which % found.Length))];
    }

    private void Do(string text, Func<World, World> model, Action real) => Do(
        text, world => (model(world), true), () =>
        {
            real();
            return true;
        });

    private void Do<T>(string text, Func<World, (World Next, T Answer)> model, Func<T> real)
    {
        _done.Add(text);
        var expected = _worlds.Select(model).ToArray();
        var answer = real();
        if (!Equals(answer, expected[0].Answer)) throw Disagreement($"the answer is {answer} and not {expected[0].Answer}");
        _worlds = [.. expected.SelectMany(world => world.Next.Settled()).DistinctBy(world => world.Key())];
        Agree();
    }

    private void Agree()
    {
        var clock = Stopwatch.StartNew();
        var nextPause = BetweenPauses;
        for (var spin = default(SpinWait); ; spin.SpinOnce(sleep1Threshold: -1))
        {
            var seen = subject.Look();
            World[] possible = [.. _worlds.Where(world => seen.DifferenceFrom(world) is null)];
            if (possible.Length > 0)
            {
                _worlds = possible;
                return;
            }

            if (clock.Elapsed > patience) throw Disagreement(string.Join(Environment.NewLine + "or ", _worlds.Select(seen.DifferenceFrom)));
            if (!World.HandsAhead || clock.Elapsed < nextPause || !HasEnded(seen)) continue;
            subject.Advance(Pause);
            nextPause = clock.Elapsed + BetweenPauses;
        }
    }

    // Until what is killed has ended its patience is measured, too: the clock is not to move.
    private bool HasEnded(Seen seen) => !World.Nodes.Where((node, id) => node.IsGivenUp && seen.Phases[id] < Phase.Succeeded).Any();

    private AssertionException Disagreement(string what) => new(
        $"{what}{Environment.NewLine}after {string.Join(", ", _done)}{Environment.NewLine}{subject.Troupe}");
}
