using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Sampling;

/// <summary>What a dashboard remembers of one troupe, and what it shows of it. It keeps the troupe not alive. Not thread-safe.</summary>
internal sealed class SeenTroupe(int id, bool isShown, DashboardSettings settings, TimeProvider clock)
{
    private const int Patience = 3;          // conditions flicker from look to look
    private const int MostCells = 4096;
    private const int MostName = 128;        // characters
    private const int MostText = 1000;
    private const int MostMessage = 200;
    private const int MostFaults = 32;
    private const int MostTypes = 5;
    private const int MostFigures = 16;
    private const int MostFigureName = 32;
    private const int MostFigureValue = 100;
    private static readonly TimeSpan InputsLast = TimeSpan.FromMinutes(1);

    private readonly Throughput _throughput = new(settings.Interval, clock);
    private readonly RecentTimes _waits = new();
    private readonly RecentTimes _runs = new();
    private readonly Queue<TroupeFault> _faults = [];
    private readonly Dictionary<string, long> _inputs = [];   // the names of its input troupes, and when they were seen
    private TroupeWatch? _watch;                              // while somebody looks
    private RunningTask? _longest;
    private TroupeExplanation? _explanation;                  // of the look before that had words
    private TroupeState? _state;                              // null before the first look
    private int _badLooks;

    public int Id => id;

    /// <summary>What the Filter of the options says.</summary>
    public bool IsShown => isShown;

    /// <summary>Whether a look has succeeded.</summary>
    public bool IsSeen => _state is not null;

    /// <summary>Whether the last look failed.</summary>
    public bool HasFailed { get; set; }

    /// <summary>What was seen at the last look, with the words of the last look that had words.</summary>
    public TroupeState State => _state ?? throw new InvalidOperationException("Nobody has looked at the troupe yet.");

    /// <summary>Whether the words are of the last look.</summary>
    public bool HasNewWords { get; private set; }

    public IReadOnlyList<double> History => _throughput.History;

    public TroupeSnapshot? Snapshot { get; private set; }

    /// <summary>The names of the troupes whose futures were its inputs, of late.</summary>
    public IEnumerable<string> Inputs => _inputs.Keys;

    /// <param name="troupe">The troupe that this is of.</param>
    /// <param name="isWatched">Whether looks follow, each after an interval.</param>
    /// <param name="hasWords">Whether the words are due.</param>
    public void Look(ITroupe troupe, bool isWatched, bool hasWords)
    {
        HasNewWords = false;
        if (isWatched) _watch ??= troupe.Watch();
        var at = clock.GetTimestamp();
        if (_watch is not null) Take(_watch.Read(), at);

        var now = troupe.Snapshot();
        var isWorse = Sentences.IsLasting(now.Condition) || (_state is not null && Sentences.IsLasting(Condition));
        HasNewWords = hasWords || _state is null || (isWorse && now.Condition != Condition);
        TroupeExplanation? explanation = null;
        if (HasNewWords)
        {
            explanation = troupe.Explain(_explanation);
            now = explanation.Snapshot;
            Condition = explanation.Condition;
            if (hasWords || _explanation is null) _explanation = explanation;
        }

        var figures = explanation is null ? _state?.Figures : FiguresOf(troupe);
        var isBad = Sentences.IsBad(now.Condition) || (figures?.Any(static figure => figure.NeedsAttention) ?? false);
        _badLooks = isBad ? _badLooks + 1 : 0;
        Snapshot = now;
        var ended = now.Succeeded + now.Faulted + now.Canceled;
        var perSecond = _throughput.Add(at, ended) ?? _state?.PerSecond ?? MeanOf(explanation);
        if (isWatched) _throughput.AddPoint(at, ended);
        var control = troupe as ITroupeControl;
        var state = new TroupeState(
            id, Shorten.To(now.Name, MostName), Condition.ToString(), _badLooks >= Patience, now.Waiting, now.Capacity, now.Running,
            now.Workers.Count, now.MaxWorkers, perSecond, now.Succeeded, now.Faulted, now.Canceled,
            now.Workers.Sum(static worker => worker.Restarts), now.Abandoned, control?.IsPaused ?? now.Condition == TroupeCondition.Paused,
            control is not null, CellsOf(now.Workers),
            null, _state?.Sentence, _state?.Text, _state?.Wait, _state?.Run, _state?.Faults, _state?.Longest, _state?.StartFailure,
            figures);
        _state = explanation is null ? state : state with
        {
            Sentence = Sentences.Of(Condition),
            Text = TextOf(explanation),
            Wait = _waits.Summary(),
            Run = _runs.Summary(),
            Faults = FaultsOf(clock.GetUtcNow()),
            Longest = LongestOf(now.Workers),
            StartFailure = StartFailureOf(now.Workers),
        };
    }

    public void EndWatch()
    {
        _watch?.Dispose();
        (_watch, _longest) = (null, null);
    }

    private TroupeCondition Condition { get; set; }

    private void Take(TroupeObservation observation, long at)
    {
        _waits.Add(observation.Waits);
        _runs.Add(observation.Runs);
        foreach (var fault in observation.Faults)
        {
            if (_faults.Count == MostFaults) _faults.Dequeue();
            _faults.Enqueue(fault);
        }

        foreach (var input in observation.Inputs) _inputs[input] = at;
        foreach (var (input, seen) in _inputs)
            if (clock.GetElapsedTime(seen, at) > InputsLast) _inputs.Remove(input);
        _longest = observation.LongestRunning;
    }

    private static double MeanOf(TroupeExplanation? explanation) =>
        explanation is { Over.TotalSeconds: > 0 } ? Math.Round(explanation.Ended / explanation.Over.TotalSeconds, 2) : 0;

    private static string CellsOf(IReadOnlyList<WorkerSnapshot> workers)
    {
        var length = 0;
        foreach (var worker in workers) length = Math.Max(length, Math.Min(worker.Index + 1, MostCells));
        return string.Create(length, workers, static (cells, workers) =>
        {
            cells.Fill(' ');
            foreach (var worker in workers)
                if (worker.Index < cells.Length) cells[worker.Index] = LetterOf(worker.State);
        });
    }

    private static char LetterOf(WorkerState state) => state switch
    {
        WorkerState.Starting => 's',
        WorkerState.Idle => 'i',
        WorkerState.Busy => 'b',
        WorkerState.Stopped => 'x',
        WorkerState.Empty => 'e',
        WorkerState.Hung => 'h',
        _ => ' ',
    };

    // Where a worker is missing, or was, the paragraph has the message of an exception in it.
    private string? TextOf(TroupeExplanation explanation)
    {
        var mayHaveMessage = explanation.Condition is TroupeCondition.Broken or TroupeCondition.Down or TroupeCondition.Degraded
            || explanation.Snapshot.Workers.Any(static worker => worker.State == WorkerState.Empty || worker.StartFailure is not null);
        return mayHaveMessage && !settings.ShowErrorMessages ? null : Shorten.To(explanation.Text, MostText);
    }

    private string? StartFailureOf(IReadOnlyList<WorkerSnapshot> workers)
    {
        foreach (var worker in workers)
        {
            if (worker.StartFailure is not { } failure) continue;
            return settings.ShowErrorMessages ? Shorten.To(failure, MostMessage) : "A worker could not be made. The log says why.";
        }

        return null;
    }

    private FaultState[]? FaultsOf(DateTimeOffset now) => _faults.Count == 0 ? null :
    [
        .. _faults.GroupBy(static fault => fault.Type)
            .Select(type => (Type: type.Key, Count: type.Count(), Last: type.Last()))
            .OrderByDescending(static type => type.Count)
            .Take(MostTypes)
            .Select(type => new FaultState(
                Shorten.To(type.Type, MostMessage), type.Count,
                settings.ShowErrorMessages ? Shorten.To(type.Last.Message, MostMessage) : null,
                Math.Max(0, Math.Round((now - type.Last.At).TotalSeconds, 1)))),
    ];

    private static FigureState[]? FiguresOf(ITroupe troupe)
    {
        var figures = TroupeFigures.Of(troupe);
        return figures.Count == 0 ? null :
        [
            .. figures.Take(MostFigures).Select(static figure => new FigureState(
                Shorten.To(figure.Name, MostFigureName), Shorten.To(figure.Value, MostFigureValue), figure.NeedsAttention)),
        ];
    }

    private LongestState? LongestOf(IReadOnlyList<WorkerSnapshot> workers)
    {
        if (_longest is not { } task) return null;
        var worker = workers.FirstOrDefault(worker => worker.Index == task.Worker);
        return new LongestState(
            task.Worker, Math.Round(task.AtLeast.TotalSeconds, 2), task.Number, worker?.ProcessId, worker?.ResidentMemory);
    }
}
