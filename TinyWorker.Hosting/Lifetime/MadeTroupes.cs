namespace TinyWorker.Hosting;

/// <summary>The troupes that a container has made, in the order in which they were registered. Thread-safe.</summary>
internal sealed class MadeTroupes(TroupeRegistry registry)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TroupeRegistration, MadePart> _made = [];
    private bool _isStopping;
    private bool _isClosed;   // from the end of the last troupe on

    /// <summary>Whether the host has begun to stop; never false again.</summary>
    public bool IsStopping { get => Volatile.Read(ref _isStopping); set => Volatile.Write(ref _isStopping, value); }

    /// <summary>Those that were made so far, in the order of registration.</summary>
    public IReadOnlyList<MadePart> All
    {
        get
        {
            lock (_lock) return [.. registry.Registrations.Where(_made.ContainsKey).Select(each => _made[each])];
        }
    }

    /// <summary>The same in the order in which they end: the last that was registered first, but what has to end before another
    /// does.</summary>
    public IReadOnlyList<MadePart> InOrderOfEnd
    {
        get
        {
            var all = All.Reverse().ToList();
            List<MadePart> ordered = [];
            HashSet<MadePart> seen = [];
            foreach (var each in all) Take(each);
            return ordered;

            void Take(MadePart part)
            {
                if (!seen.Add(part)) return;
                foreach (var other in all.Where(other => other.EndsBefore(part))) Take(other);
                ordered.Add(part);
            }
        }
    }

    /// <summary>What was registered, if it was made.</summary>
    public MadePart? Find(TroupeRegistration registration)
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

    public void Add(TroupeRegistration registration, MadePart made)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                _made.Add(registration, made);
                return;
            }
        }

        made.Abort();   // the host has stopped while the troupe was made: nobody would drain it
        throw Closed(registration.Name);
    }

    /// <summary>Takes no troupe any more, if all that there are were drained.</summary>
    /// <returns>False if another troupe was made meanwhile.</returns>
    public bool TryClose(IReadOnlyCollection<MadePart> drained)
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
