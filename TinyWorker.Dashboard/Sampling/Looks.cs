using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Sampling;

/// <summary>Looks at the troupes of this process, and remembers what it has seen of them while they live. It keeps none alive.</summary>
/// <remarks>Its owner lets one at a time look; <see cref="Living"/> is thread-safe.</remarks>
internal sealed class Looks(DashboardSettings settings, TimeProvider clock, ILogger logger)
{
    private const int MostLinks = 128;   // more make no graph that anybody can read, and must fit into one part of an event

    private readonly ConditionalWeakTable<ITroupe, SeenTroupe> _seen = [];
    private readonly ProcessorUse _processors = new();
    private List<SeenTroupe> _watched = [];

    /// <summary>The troupes that may be shown, in the order in which they were made. Calls the Filter: not under a lock.</summary>
    public IReadOnlyList<ITroupe> Living()
    {
        var shown = new List<ITroupe>();
        foreach (var troupe in TinyTroupes.Living)
            if (SeenOf(troupe).IsShown) shown.Add(troupe);
        return shown;
    }

    /// <param name="living">What <see cref="Living"/> gave just now.</param>
    /// <param name="isWatched">Whether somebody watches: looks follow, each after an interval.</param>
    /// <param name="hasWords">Whether the words are due.</param>
    public View Look(IReadOnlyList<ITroupe> living, bool isWatched, bool hasWords)
    {
        var seen = new List<SeenTroupe>(Math.Min(living.Count, settings.MaxTroupes));
        foreach (var troupe in living.Take(settings.MaxTroupes))
        {
            var one = SeenOf(troupe);
            seen.Add(one);   // also if the look fails: what it began to watch must end
            Look(one, troupe, isWatched, hasWords);
        }

        if (isWatched)
        {
            // Those that have ended: what nobody will look at is not watched any more.
            foreach (var gone in _watched.Except(seen)) gone.EndWatch();
            _watched = seen;
        }

        var all = seen.Count;
        seen = seen.FindAll(static one => one.IsSeen);
        seen.Sort(static (one, other) => one.Id.CompareTo(other.Id));
        var newWords = seen.Where(static one => one.HasNewWords).Select(static one => one.Id).ToHashSet();
        return new View(
            clock.GetUtcNow(), TotalsOf(seen), living.Count - all, [.. seen.Select(static one => one.State)], newWords,
            LinksOf(seen), hasWords);
    }

    /// <summary>The last figures of each troupe, by id.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<double>> Histories(IReadOnlyList<ITroupe> living) =>
        living.Select(SeenOf).ToDictionary(static one => one.Id, static one => one.History);

    /// <summary>Nobody watches any more.</summary>
    public void EndWatches()
    {
        foreach (var one in _watched) one.EndWatch();
        _watched = [];
    }

    // Code of the application runs in it, such as the Message of an exception. What is wrong with one troupe must not hide the others: it
    // stays as it was seen last.
    private void Look(SeenTroupe one, ITroupe troupe, bool isWatched, bool hasWords)
    {
        try
        {
            one.Look(troupe, isWatched, hasWords);
            one.HasFailed = false;
        }
        catch (Exception exception)
        {
            if (!one.HasFailed) Log.LookAtTroupeFailed(logger, troupe.Name, exception);
            one.HasFailed = true;
        }
    }

    private SeenTroupe SeenOf(ITroupe troupe) =>
        _seen.GetValue(troupe, troupe => new SeenTroupe(TroupeIds.Of(troupe), MayBeShown(troupe.Name), settings, clock));

    private bool MayBeShown(string name)
    {
        if (settings.Filter is not { } filter) return true;
        try
        {
            return filter(name);
        }
        catch (Exception exception)
        {
            Log.FilterFaulted(logger, name, exception);
            return false;
        }
    }

    private Totals TotalsOf(List<SeenTroupe> seen)
    {
        var memory = Environment.WorkingSet;
        var processes = new HashSet<int>();
        foreach (var worker in seen.SelectMany(static one => one.Snapshot!.Workers))
            if (worker.ProcessId is { } process && processes.Add(process)) memory += worker.ResidentMemory ?? 0;
        var states = seen.ConvertAll(static one => one.State);
        return new Totals(
            states.Count, Math.Round(states.Sum(static one => one.PerSecond), 2), states.Sum(static one => one.Waiting),
            states.Sum(static one => (long)one.Running), states.Sum(static one => one.Faulted), _processors.Since(processes),
            Environment.ProcessorCount, memory);
    }

    // Inputs are known by the name of their troupe. If several have that name, nobody knows which one it is: nothing is said then.
    private static List<Link> LinksOf(List<SeenTroupe> seen)
    {
        var ids = new Dictionary<string, int?>();
        foreach (var one in seen) ids[one.Snapshot!.Name] = ids.ContainsKey(one.Snapshot.Name) ? null : one.Id;
        var links = new List<Link>();
        foreach (var one in seen)
        {
            foreach (var input in one.Inputs)
            {
                if (links.Count == MostLinks || ids.GetValueOrDefault(input) is not { } from || from == one.Id) continue;
                links.Add(new Link(from, one.Id));
            }
        }

        links.Sort(static (one, other) => (one.To, one.From).CompareTo((other.To, other.From)));
        return links;
    }
}
