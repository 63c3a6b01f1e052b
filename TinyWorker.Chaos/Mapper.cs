namespace TinyWorker.Chaos;

/// <summary>Maps ranges of parcels over one troupe at a time, in all the ways there are, and leaves some of them early.</summary>
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
            round.Figures.Fail("wrong", "a map was thrown " + e);
        }
    }

    private async Task MapAsync(Stage stage, CancellationToken phase)
    {
        var view = new View(round, stage, isOrdered: _random.Next(2) == 0, leavesAt: _random.Next(3) == 0 ? _random.Next(1, 40) : int.MaxValue);
        var options = new MapOptions { Ordered = view.IsOrdered, Window = _random.Next(2) == 0 ? null : _random.Next(1, 50) };
        var source = Source(stage, _random.Next(1, 300));
        switch (_random.Next(4))
        {
            case 0:
                foreach (var outcome in stage.Troupe.MapOutcomes(source, options))
                    if (!view.See(outcome)) break;
                break;
            case 1:
                try
                {
                    await foreach (var outcome in stage.Troupe.MapOutcomesAsync(source, options, phase))
                        if (!view.See(outcome)) break;
                }
                catch (OperationCanceledException) when (phase.IsCancellationRequested)
                {
                    return;
                }

                break;
            case 2:
                try
                {
                    foreach (var parcel in stage.Troupe.Map(source, options))
                        if (!view.See(parcel)) break;
                }
                catch (Exception e) when (view.MayThrow(e))
                {
                    return;
                }

                break;
            default:
                try
                {
                    await foreach (var parcel in stage.Troupe.MapAsync(source.ToAsyncEnumerable(), options, round.NotBeforeTheEnd))
                        if (!view.See(parcel)) break;
                }
                catch (Exception e) when (view.MayThrow(e))
                {
                    return;
                }

                break;
        }

        view.End();
    }

    private IEnumerable<Parcel> Source(Stage stage, int count)
    {
        for (var i = 0; i < count && round.TryNextJourney(out var journey); i++)
        {
            round.Ledger.TakenByMap(journey, stage.Number);
            round.Figures.MapTook(stage.Number);
            yield return Round.ParcelOf(journey);
        }
    }

    /// <summary>What a map yields, looked at as it comes.</summary>
    private sealed class View(Round round, Stage stage, bool isOrdered, int leavesAt)
    {
        private readonly HashSet<int> _seen = [];
        private int _last = -1;

        public bool IsOrdered => isOrdered;

        public bool See(TinyOutcome<Parcel, Parcel> outcome)
        {
            if (outcome.Exception is OperationCanceledException)
            {
                if (!stage.MayBeAborted) Wrong(outcome.Input.Journey, "nobody cancelled it");
                return Note(outcome.Input.Journey);
            }

            Judge(outcome.Input.Journey, outcome.Value, outcome.Exception);
            return Note(outcome.Input.Journey);
        }

        public bool See(Parcel result)
        {
            Judge(result.Journey, result, null);
            return Note(result.Journey);
        }

        /// <summary>A map of results ends with the first error of a task, and with the troupe.</summary>
        public bool MayThrow(Exception exception) =>
            exception is FormatException or TimeoutException or WorkerCrashedException || (exception is OperationCanceledException or ObjectDisposedException && round.IsEnding);

        public void End() => round.Figures.MapEnded();

        private bool Note(int journey)
        {
            round.Figures.MapYielded(stage.Number);
            if (!_seen.Add(journey)) Wrong(journey, "it came twice");
            if (isOrdered && journey <= _last) Wrong(journey, $"it came after {_last}");
            _last = journey;
            return _seen.Count < leavesAt;
        }

        private void Judge(int journey, Parcel? result, Exception? exception)
        {
            round.Ledger.CheckRuns(stage, journey);
            if (round.Ledger.FaultOf(stage, journey, Plan.Passed(journey, stage.Number), result, exception) is { } fault) Wrong(journey, fault);
        }

        private void Wrong(int journey, string what) => round.Figures.Fail("wrong", $"item {journey} of a map over '{stage.Troupe.Name}': {what}");
    }
}
