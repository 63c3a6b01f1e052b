namespace TinyWorker.Chaos;

/// <summary>Sends payloads through several troupes, with every kind of submission. Cancels some tasks and waits for some.</summary>
internal sealed class Submitter(Round round, int seed)
{
    private readonly Random _random = new(seed);
    private readonly Entry?[] _recent = new Entry?[16];
    private readonly bool _blocks = seed % 2 == 0;           // runs on a thread of its own and awaits nothing; else it runs on the pool
    private readonly bool _avoidsProcesses = seed % 3 == 0;  // worker processes are slow: without them the other troupes get much load

    public Task Start(CancellationToken phase) => _blocks
        ? Task.Factory.StartNew(
            () => RunAsync(phase), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()
        : Task.Run(() => RunAsync(phase), CancellationToken.None);

    private async Task RunAsync(CancellationToken phase)
    {
        try
        {
            while (!phase.IsCancellationRequested && round.TryNextId(out var id)) await SubmitToSeveralAsync(id);
        }
        catch (Exception e) when (round.IsEnding && e is ObjectDisposedException or OperationCanceledException)
        {
            // The troupes are closed.
        }
        catch (Exception e)
        {
            round.Results.Fail("wrong", "a submission threw " + e);
        }
    }

    private async Task SubmitToSeveralAsync(int id)
    {
        var route = _avoidsProcesses ? round.Stages.Where(static stage => !stage.Plan.RunsInProcess).ToArray() : round.Stages.ToArray();
        _random.Shuffle(route);
        List<Entry> done = [];
        foreach (var stage in route.Take(_random.Next(1, route.Length + 1)))
        {
            // The input is mostly the last task, sometimes an earlier one: then two tasks wait for the same input.
            var input = done.Count == 0 ? null : _random.Next(4) > 0 ? done[^1] : done[_random.Next(done.Count)];
            var entry = new Entry(stage, id, input);
            if (await TrySubmitAsync(entry)) done.Add(entry);
            if (_random.Next(50) == 0) SubmitToEach(stage);
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
                cancellation = new CancellationTokenSource();   // not disposed: it may fire later
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
            var future = await SubmitInOrderAsync(entry, token);
            if (future is null) return false;
            cancellation?.Cancel();
            return true;
        }
        catch (OperationCanceledException) when (entry.MayBeCancelled)
        {
            return false;   // the task was not accepted, so it must not run
        }
    }

    /// <summary>One task for every worker, with one payload.</summary>
    private void SubmitToEach(Stage stage)
    {
        if (!round.TryNextId(out var id)) return;
        stage.MayPassTheBound(stage.MostWorkers);
        round.Ledger.AddForEach(stage, id, stage.Troupe.SubmitToEach(Round.PayloadOf(id), round.NotBeforeTheEnd));
    }

    // Two submitters with one key: the order in which they call must be the one in which their tasks are accepted.
    private async ValueTask<TinyFuture<Payload>?> SubmitInOrderAsync(Entry entry, CancellationToken token)
    {
        var hasOrder = entry is { Key: >= 0, Input: null };
        if (hasOrder && _blocks) entry.Stage.Locks[entry.Key].Wait(CancellationToken.None);
        else if (hasOrder) await entry.Stage.Locks[entry.Key].WaitAsync(CancellationToken.None);
        try
        {
            var future = await SubmitAsync(entry, OptionsOf(entry), token);
            if (future is not null) round.Ledger.Add(entry, future);
            return future;
        }
        finally
        {
            if (hasOrder) entry.Stage.Locks[entry.Key].Release();
        }
    }

    private SubmitOptions OptionsOf(Entry entry)
    {
        var options = new SubmitOptions
        {
            Key = entry.Stage.OrderInKey(entry), Priority = _random.Next(4) == 0 ? _random.Next(-2, 3) : 0,
            Timeout = _random.Next(50) == 0 ? TimeSpan.FromMilliseconds(_random.Next(1, 200)) : null,
            Deadline = _random.Next(20) == 0 ? TimeSpan.FromMilliseconds(_random.Next(1, 300)) : null,
        };
        entry.HasDeadline = options.Deadline is not null;
        if (entry.HasDeadline) entry.Stage.MayPassTheBound(1);
        return options;
    }

    private async ValueTask<TinyFuture<Payload>?> SubmitAsync(Entry entry, SubmitOptions options, CancellationToken token)
    {
        var troupe = entry.Stage.Troupe;
        if (entry.Input is not { Future: var input })
        {
            var payload = Round.PayloadOf(entry.Id);
            if (_random.Next(10) == 0) return troupe.TrySubmit(payload, options, out var future, token) ? future : null;
            return _blocks ? troupe.Submit(payload, options, token) : await troupe.SubmitAsync(payload, options, token);
        }

        switch (_random.Next(10))
        {
            case 0:
                input = input.Then(static payload => payload);
                break;
            case 1:
                return _blocks
                    ? troupe.Submit(input.AsTask(), options, token)
                    : await troupe.SubmitAsync(input.AsTask(), options, token);
        }

        return _blocks ? troupe.Submit(input, options, token) : await troupe.SubmitAsync(input, options, token);
    }

    // The audit judges the outcome.
    private async Task WaitAsync(TinyFuture<Payload> future)
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
