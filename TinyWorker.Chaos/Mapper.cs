namespace TinyWorker.Chaos;

/// <summary>Runs maps over one troupe at a time, with every kind of map, and leaves some of them early.</summary>
internal sealed class Mapper(Round round, int seed)
{
    private readonly Random _random = new(seed);

    public Task Start(CancellationToken phase) => Task.Factory.StartNew(
        () => RunAsync(phase), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    private async Task RunAsync(CancellationToken phase)
    {
        try
        {
            while (!phase.IsCancellationRequested) await MapAsync(round.Stages[_random.Next(Round.Troupes)], phase);
        }
        catch (Exception e) when (round.IsEnding && e is ObjectDisposedException or OperationCanceledException)
        {
            // The troupe is closed.
        }
        catch (Exception e)
        {
            round.Results.Fail("wrong", "a map threw " + e);
        }
    }

    private async Task MapAsync(Stage stage, CancellationToken phase)
    {
        var isOrdered = _random.Next(2) == 0;
        var check = new ItemCheck(round, stage, isOrdered, leavesAt: _random.Next(3) == 0 ? _random.Next(1, 40) : int.MaxValue);
        var options = new MapOptions { Ordered = isOrdered, Window = _random.Next(2) == 0 ? null : _random.Next(1, 50) };
        var source = Source(stage, _random.Next(1, 300));
        switch (_random.Next(4))
        {
            case 0:
                foreach (var outcome in stage.Troupe.MapOutcomes(source, options))
                    if (!check.See(outcome)) break;
                break;
            case 1:
                try
                {
                    await foreach (var outcome in stage.Troupe.MapOutcomesAsync(source, options, phase))
                        if (!check.See(outcome)) break;
                }
                catch (OperationCanceledException) when (phase.IsCancellationRequested)
                {
                    return;
                }

                break;
            case 2:
                try
                {
                    foreach (var payload in stage.Troupe.Map(source, options))
                        if (!check.See(payload)) break;
                }
                catch (Exception e) when (check.MayThrow(e))
                {
                    return;
                }

                break;
            default:
                try
                {
                    await foreach (var payload in stage.Troupe.MapAsync(source.ToAsyncEnumerable(), options, round.NotBeforeTheEnd))
                        if (!check.See(payload)) break;
                }
                catch (Exception e) when (check.MayThrow(e))
                {
                    return;
                }

                break;
        }

        check.End();
    }

    private IEnumerable<Payload> Source(Stage stage, int count)
    {
        for (var i = 0; i < count && round.TryNextId(out var id); i++)
        {
            round.Ledger.TakenByMap(id, stage.Number);
            round.Results.MapTook(stage.Number);
            yield return Round.PayloadOf(id);
        }
    }

    /// <summary>Checks each item that a map yields.</summary>
    private sealed class ItemCheck(Round round, Stage stage, bool isOrdered, int leavesAt)
    {
        private readonly HashSet<int> _seen = [];
        private int _last = -1;


        public bool See(TinyOutcome<Payload, Payload> outcome)
        {
            if (outcome.Exception is OperationCanceledException)
            {
                if (!stage.MayBeAborted) Wrong(outcome.Input.Id, "nobody cancelled it");
                return Note(outcome.Input.Id);
            }

            Judge(outcome.Input.Id, outcome.Value, outcome.Exception);
            return Note(outcome.Input.Id);
        }

        public bool See(Payload result)
        {
            Judge(result.Id, result, null);
            return Note(result.Id);
        }

        /// <summary>A map of results throws the first error of a task; while the troupe is being stopped it may be refused.</summary>
        public bool MayThrow(Exception exception) =>
            exception is FormatException or TimeoutException or WorkerCrashedException
            || (exception is OperationCanceledException or ObjectDisposedException && round.IsEnding);

        public void End() => round.Results.MapEnded();

        private bool Note(int id)
        {
            round.Results.MapYielded(stage.Number);
            if (!_seen.Add(id)) Wrong(id, "it came twice");
            if (isOrdered && id <= _last) Wrong(id, $"it came after {_last}");
            _last = id;
            return _seen.Count < leavesAt;
        }

        private void Judge(int id, Payload? result, Exception? exception)
        {
            round.Ledger.CheckRuns(stage, id);
            if (round.Ledger.FaultOf(stage, id, Plan.Transformed(id, stage.Number), result, exception) is { } fault) Wrong(id, fault);
        }

        private void Wrong(int id, string what) => round.Results.Fail("wrong", $"item {id} of a map over '{stage.Troupe.Name}': {what}");
    }
}
