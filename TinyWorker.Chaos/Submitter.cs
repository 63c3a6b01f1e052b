namespace TinyWorker.Chaos;

/// <summary>Sends parcels through several troupes, each by another way of submitting, cancels some, and waits for some.</summary>
internal sealed class Submitter(Round round, int seed)
{
    private readonly Random _random = new(seed);
    private readonly Entry?[] _recent = new Entry?[16];
    private readonly bool _blocks = seed % 2 == 0;         // on a thread of its own, awaiting nothing; else on the pool
    private readonly bool _staysHere = seed % 3 == 0;      // goes to no processes, which are slow: so the others get much to do, too

    public Task Start(CancellationToken phase) => _blocks
        ? Task.Factory.StartNew(() => RunAsync(phase), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()
        : Task.Run(() => RunAsync(phase), CancellationToken.None);

    private async Task RunAsync(CancellationToken phase)
    {
        try
        {
            while (!phase.IsCancellationRequested && round.TryNextJourney(out var journey)) await TravelAsync(journey);
        }
        catch (Exception e) when (round.IsEnding && e is ObjectDisposedException or OperationCanceledException)
        {
            // The troupes are closed.
        }
        catch (Exception e)
        {
            round.Figures.Fail("wrong", "a submitter was thrown " + e);
        }
    }

    private async Task TravelAsync(int journey)
    {
        var route = _staysHere ? round.Stages.Where(static stage => !stage.Plan.IsMortal).ToArray() : round.Stages.ToArray();
        _random.Shuffle(route);
        List<Entry> done = [];
        foreach (var stage in route.Take(_random.Next(1, route.Length + 1)))
        {
            // The last one mostly, or an earlier one: then two wait for it.
            var input = done.Count == 0 ? null : _random.Next(4) > 0 ? done[^1] : done[_random.Next(done.Count)];
            var entry = new Entry(stage, journey, input);
            if (await TrySubmitAsync(entry)) done.Add(entry);
            if (_random.Next(20) == 0) _recent[_random.Next(_recent.Length)]?.Cancel();
        }

        if (done.Count == 0) return;
        _recent[_random.Next(_recent.Length)] = done[_random.Next(done.Count)];
        if (_random.Next(4) == 0) await WaitAsync(done[^1].Future);
    }

    private async ValueTask<bool> TrySubmitAsync(Entry entry)
    {
        CancellationTokenSource? cancellation = null;
        var token = CancellationToken.None;
        switch (_random.Next(20))
        {
            case 0:
            case 1:
                cancellation = new CancellationTokenSource();   // not disposed: it may be cancelled late
                token = cancellation.Token;
                entry.MayBeCancelled = true;
                cancellation.CancelAfter(_random.Next(3));
                break;
            case 2:
                cancellation = new CancellationTokenSource();
                token = cancellation.Token;
                entry.MayBeCancelled = true;
                break;
            case 3:
            case 4:
                token = round.NotBeforeTheEnd;
                break;
        }

        try
        {
            var future = await SubmitAsync(entry, token);
            if (future is null) return false;
            round.Ledger.Add(entry, future);
            cancellation?.Cancel();
            return true;
        }
        catch (OperationCanceledException) when (entry.MayBeCancelled)
        {
            return false;   // not accepted: it must not run
        }
    }

    private async ValueTask<TinyFuture<Parcel>?> SubmitAsync(Entry entry, CancellationToken token)
    {
        var troupe = entry.Stage.Troupe;
        if (entry.Input is not { Future: var input })
        {
            var parcel = Round.ParcelOf(entry.Journey);
            if (_random.Next(10) == 0) return troupe.TrySubmit(parcel, out var future) ? future : null;
            return _blocks ? troupe.Submit(parcel, token) : await troupe.SubmitAsync(parcel, token);
        }

        switch (_random.Next(10))
        {
            case 0:
                input = input.Then(static parcel => parcel);
                break;
            case 1:
                return _blocks ? troupe.Submit(input.AsTask(), token) : await troupe.SubmitAsync(input.AsTask(), token);
        }

        return _blocks ? troupe.Submit(input, token) : await troupe.SubmitAsync(input, token);
    }

    // What came of it is the audit's to judge.
    private async Task WaitAsync(TinyFuture<Parcel> future)
    {
        try
        {
            _ = _blocks ? future.Result() : await future;
        }
        catch (Exception) when (future.IsCompleted)
        {
        }
    }
}
