using System.Diagnostics;

namespace TinyWorker.Tests.Model;

/// <summary>
/// Runs one sequence of commands on the model and on a real troupe. Workers run on other threads, so after a command the two need not
/// agree at once. But they must agree in the end, and the troupe may reach only states that the model allows.
/// </summary>
internal sealed class SequenceRun(RealTroupe real, ModelState start, TimeSpan timeout)
{
    // A worker process that replaces a killed one may start only after a pause, so the clock must move on. The model ignores these pauses:
    // its unit is an hour.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BetweenPauses = TimeSpan.FromMilliseconds(2);

    private readonly List<string> _done = [];
    private IReadOnlyList<ModelState> _states = [start];   // all states that the troupe may be in; they look the same from outside

    private ModelState State => _states[0];

    public void Do(Command command)
    {
        switch (command)
        {
            case Command.Submit(var body, var of, var token, var priority, var key, var deadline)
                when State.HasRoom || State.IsClosed || token == SubmissionToken.Fired:
                var (input, terms) = (Input(of), new Terms(priority, key, deadline));
                Do(
                    $"Submit({body}, {input}, {token}, {terms})",
                    state => (state.Submit(body, input, token, terms, out var answer), answer),
                    () => real.Submit(body, input, token, terms));
                break;
            case Command.Submit(var body, var of, var token, var priority, var key, var deadline):
                SubmitAsync(body, Input(of), token, new Terms(priority, key, deadline));
                break;
            case Command.SubmitAsync(var body, var of, var token, var priority, var key, var deadline):
                SubmitAsync(body, Input(of), token, new Terms(priority, key, deadline));
                break;
            case Command.TrySubmit(var body, var priority, var key, var deadline):
                var wish = new Terms(priority, key, deadline);
                Do(
                    $"TrySubmit({body}, {wish})",
                    state => (state.TrySubmit(body, wish, out var answer), answer),
                    () => real.TrySubmit(body, wish));
                break;
            case Command.SubmitToEach(var body, var token):
                var count = State.Most;
                Do(
                    $"SubmitToEach({body}, {token})",
                    state => (state.SubmitToEach(body, token, out var answer), answer),
                    () => real.SubmitToEach(body, token, count));
                break;
            case Command.Pause:
                Do("Pause()", state => state.Pause(), real.Troupe.Pause);
                break;
            case Command.Resume:
                Do("Resume()", state => state.Resume(), real.Troupe.Resume);
                break;
            case Command.Resize(var workers):
                Do($"Resize({workers})", state => state.Resize(workers), () => real.Resize(workers));
                break;
            case Command.Release(var which, var outcome):
                if (Find(which, future => future is { Kind: FutureKind.Task, Phase: Phase.Running }) is { } running)
                    Do($"Release({running}, {outcome})", state => state.Release(running, outcome), () => real.Release(running, outcome));
                break;
            case Command.Cancel(var which):
                if (Find(which, future => future.Exists) is { } cancelled)
                    Do($"Cancel({cancelled})", state => (state.Cancel(cancelled, out var answer), answer), () => real.Cancel(cancelled));
                break;
            case Command.FireToken(var which):
                if (Find((id, future) => future.TokenOf == id, which) is { } submission)
                    Do($"FireToken({submission})", state => state.FireToken(submission), () => real.FireToken(submission));
                break;
            case Command.AddSource:
                Do("AddSource()", state => state.AddSource(), real.AddSource);
                break;
            case Command.Complete(var which, var outcome):
                if (Find(which, future => future.Kind == FutureKind.Source) is { } source) Complete(source, outcome);
                break;
            case Command.Then(var which, var throws):
                if (Find(which, future => future.Exists) is { } before)
                    Do($"Then({before}, {throws})", state => state.AddStep(before, throws), () => real.Then(before, throws));
                break;
            case Command.WhenAll(var first, var second):
                if (Number(first) is { } one && Number(second) is { } other)
                    Do($"WhenAll({one}, {other})", state => state.AddAll(one, other), () => real.WhenAll(one, other));
                break;
            case Command.WhenAny(var first, var second):
                if (Number(first) is { } either && Number(second) is { } or)
                    Do($"WhenAny({either}, {or})", state => state.AddAny(either, or), () => real.WhenAny(either, or));
                break;
            case Command.AddCallback(var which):
                if (Find(which, future => future.Exists) is { } watched)
                    Do($"AddCallback({watched})", state => state.AddCallback(watched), () => real.AddCallback(watched));
                break;
            case Command.Advance(var hours):
                Do($"Advance({hours})", state => state.Advance(hours), () => real.Advance(TimeSpan.FromHours(hours)));
                break;
            case Command.Abort:
                Do("Abort()", state => state.Abort(), real.Troupe.Abort);
                break;
            case Command.Dispose:
                Do("Dispose()", state => state.Close(), () => real.Dispose(byStop: false));
                break;
            case Command.Stop:
                Do("Stop()", state => state.Stop(), () => real.Dispose(byStop: true));
                break;
            case Command.FireStopToken:
                Do("FireStopToken()", state => state.FireStopToken(), real.FireStopToken);
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Ends everything, and checks the results and what is left.</summary>
    public void Finish()
    {
        Do(new Command.Dispose());
        while (Find(0, future => future is { Kind: FutureKind.Source, HasEnded: false }) is { } source)
            Complete(source, Outcome.Success);
        while (State.Running > 0) Do(new Command.Release(0, Outcome.Success));
        foreach (var id in Enumerable.Range(0, State.Futures.Length).Where(id => State.Futures[id].Exists)) CheckResult(id);
        // A child that was killed while it started is a thread here: it disposes its worker when it notices the end of its connection.
        if (State.Prefetches)
            Within.Until(() => real.UndisposedWorkers <= State.CountAbandoned, "the disposal of the workers of killed children");
        // An abandoned worker is disposed when its code returns, unless its process was killed.
        if (real.UndisposedWorkers < 0 || real.UndisposedWorkers > State.CountAbandoned)
            throw Disagreement($"{real.UndisposedWorkers} workers are not disposed");
        if (real.ArmedTimers > 0) throw Disagreement($"{real.ArmedTimers} timers are left");
    }

    private void CheckResult(int id)
    {
        var future = State.Futures[id];
        if (!future.HasEnded) throw Disagreement($"{future.Kind} {id} has not ended");
        if (!future.HasFailed || future.Origin < 0) return;
        var result = real.ResultOf(id);
        if (future.Origin != id && result != real.ResultOf(future.Origin))
            throw Disagreement($"{future.Kind} {id} has {result} and not the exception of {future.Origin}");
        var isAsExpected = State.Futures[future.Origin] switch
        {
            { Phase: Phase.Canceled } => result is OperationCanceledException,
            { IsTimedOut: true } => result is TimeoutException,
            { Kind: FutureKind.Step } => result is FormatException { Message: "fault of a step" },
            _ => result is FormatException or OperationCanceledException
                && ((Exception)result).Message.EndsWith($" of {future.Origin}", StringComparison.Ordinal),
        };
        if (!isAsExpected) throw Disagreement($"{future.Kind} {id} has ended with {result}");
    }

    private void SubmitAsync(Body body, int? input, SubmissionToken token, Terms terms) => Do(
        $"SubmitAsync({body}, {input}, {token}, {terms})",
        state => (state.Submit(body, input, token, terms, out var answer), answer),
        () => real.SubmitAsync(body, input, token, terms));

    private void Complete(int source, Outcome outcome) => Do(
        $"Complete({source}, {outcome})",
        state => (state.Complete(source, outcome, out var answer), answer),
        () => real.Complete(source, outcome));

    private int? Input(int? of) => of is { } which ? Number(which) : null;

    /// <summary>A future whose result is a number.</summary>
    private int? Number(int which) =>
        Find(which, future => future is { Kind: FutureKind.Source or FutureKind.Task or FutureKind.Step, Exists: true });

    private int? Find(int which, Predicate<ModelFuture> predicate) => Find((_, future) => predicate(future), which);

    private int? Find(Func<int, ModelFuture, bool> predicate, int which)
    {
        var found = Enumerable.Range(0, State.Futures.Length).Where(id => predicate(id, State.Futures[id])).ToArray();
        return found.Length == 0 ? null : found[^(1 + (which % found.Length))];
    }

    private void Do(string text, Func<ModelState, ModelState> onModel, Action onReal) => Do(
        text, state => (onModel(state), true), () =>
        {
            onReal();
            return true;
        });

    private void Do<T>(string text, Func<ModelState, (ModelState Next, T Answer)> onModel, Func<T> onReal)
    {
        _done.Add(text);
        var expected = _states.Select(onModel).ToArray();
        var answer = onReal();
        if (!Equals(answer, expected[0].Answer)) throw Disagreement($"the answer is {answer} and not {expected[0].Answer}");
        _states = [.. expected.SelectMany(state => state.Next.Settled()).DistinctBy(state => state.Key())];
        Agree();
    }

    private void Agree()
    {
        var clock = Stopwatch.StartNew();
        var nextPause = BetweenPauses;
        for (var spin = default(SpinWait); ; spin.SpinOnce(sleep1Threshold: -1))
        {
            var observed = real.Observe();
            ModelState[] possible = [.. _states.Where(state => observed.DifferenceFrom(state) is null)];
            if (possible.Length > 0)
            {
                _states = possible;
                return;
            }

            if (clock.Elapsed > timeout)
                throw Disagreement(string.Join(Environment.NewLine + "or ", _states.Select(observed.DifferenceFrom)));
            if (!State.Prefetches || clock.Elapsed < nextPause || !AllAbandonedHaveEnded(observed)) continue;
            real.Advance(Pause);
            nextPause = clock.Elapsed + BetweenPauses;
        }
    }

    // While an abandoned task has not ended, its grace period still runs on the clock. The clock must not move then.
    private bool AllAbandonedHaveEnded(Observation observed) =>
        !State.Futures.Where((future, id) => future.IsAbandoned && observed.Phases[id] < Phase.Succeeded).Any();

    private AssertionException Disagreement(string what) => new(
        $"{what}{Environment.NewLine}after {string.Join(", ", _done)}{Environment.NewLine}{real.Troupe}");
}
