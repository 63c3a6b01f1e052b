namespace TinyWorker.Hosting;

/// <summary>The troupes that a container has made, in the order in which they were registered. Thread-safe.</summary>
internal sealed class MadeTroupes(TroupeRegistry registry)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TroupeRegistration, MadeTroupe> _made = [];
    private bool _isStopping;
    private bool _isClosed;   // from the end of the last troupe on

    /// <summary>Whether the host has begun to stop; never false again.</summary>
    public bool IsStopping { get => Volatile.Read(ref _isStopping); set => Volatile.Write(ref _isStopping, value); }

    /// <summary>Those that were made so far, in the order of registration.</summary>
    public IReadOnlyList<MadeTroupe> All
    {
        get
        {
            lock (_lock) return [.. registry.Registrations.Where(_made.ContainsKey).Select(each => _made[each])];
        }
    }

    /// <summary>A troupe that was registered, if it was made.</summary>
    public MadeTroupe? Find(TroupeRegistration registration)
    {
        lock (_lock) return _made.GetValueOrDefault(registration);
    }

    public void RefuseIfClosed(string name)
    {
        lock (_lock)
        {
            if (_isClosed) throw Closed(name);
        }
    }

    public void Add(TroupeRegistration registration, ITroupe troupe, TimeSpan grace)
    {
        var made = new MadeTroupe(troupe, grace);
        lock (_lock)
        {
            if (!_isClosed)
            {
                _made.Add(registration, made);
                return;
            }
        }

        troupe.Abort();   // the host has stopped while the troupe was made: nobody would drain it
        throw Closed(registration.Name);
    }

    /// <summary>Takes no troupe any more, if all that there are were drained.</summary>
    /// <returns>False if another troupe was made meanwhile.</returns>
    public bool TryClose(IReadOnlyCollection<MadeTroupe> drained)
    {
        lock (_lock)
        {
            if (_made.Values.Any(each => !drained.Contains(each))) return false;
            return _isClosed = true;
        }
    }

    private static ObjectDisposedException Closed(string name) => new(
        name, $"The troupe '{name}' cannot be made: the host has stopped, and its troupes with it. Build a new host.");
}

/// <summary>A troupe of a container.</summary>
/// <param name="Troupe">The troupe.</param>
/// <param name="Grace">Its <see cref="TinyTroupeOptions.CancellationGrace"/>.</param>
internal sealed record MadeTroupe(ITroupe Troupe, TimeSpan Grace)
{
    private readonly Task _ready = Observed(Troupe.WhenReadyAsync());

    /// <summary>Whether every worker has been made once.</summary>
    public bool HasBeenReady => _ready.IsCompletedSuccessfully;

    // Whoever waits for the start looks at the failure; this wait must not report it as an exception that nobody has seen.
    private static Task Observed(Task ready)
    {
        ready.ContinueWith(
            static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return ready;
    }
}
