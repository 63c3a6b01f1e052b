using System.Collections.Immutable;
using System.Numerics;
using TinyWorker.Tasks;

namespace TinyWorker.Tests.Model;

// Which task a free worker takes. The larger priority goes first, and then the task that has waited longer. A worker has its own tasks
// beside everybody's: those with a key of its place, and those that were submitted for every worker. Among equals it takes turns.
internal sealed partial record ModelState
{
    /// <summary>How many workers there ever are.</summary>
    public const int MostAtAll = 4;

    public static readonly ImmutableArray<string> Keys = ["a", "b", "c", "d"];

    /// <summary>How many workers there may be.</summary>
    public int Most { get; init; } = Setup.Workers;

    public bool IsPaused { get; init; }

    /// <summary>Whether the number of workers was changed.</summary>
    public bool IsResized { get; init; }

    /// <summary>The tasks that were started, in their order, for each of <see cref="Keys"/>.</summary>
    public ImmutableArray<ImmutableArray<int>> StartedOfKeys { get; init; } = [.. Keys.Select(static _ => ImmutableArray<int>.Empty)];

    /// <summary>The places at which the last of two equal tasks was the worker's own, as bits.</summary>
    private int OwnTurns { get; init; }

    /// <summary>Whether a task has ended while it was in the queue. Nobody can see when a worker passes over it, and that takes a
    /// turn.</summary>
    private bool HasTombstones { get; init; }

    /// <summary>
    /// The places, as bits, whose processes may have been sent tasks before a pause, or before their worker was one too many: they may begin
    /// those all the same.
    /// </summary>
    private int MayGoOn { get; init; }

    /// <summary>Whether a task that fails is tried again, or may lose its process: then workers stay while one runs.</summary>
    public bool MayRunAgain => Prefetches || Setup.Attempts > 1;

    // A task that is sent ahead must be wanted when its turn comes, so none is where tasks are tried again.
    private bool SendsAhead => Prefetches && Setup.Attempts == 1;

    public int PlaceOf(string key) => KeyPlaces.PlaceOf(key, Most);

    /// <summary>The places at which tasks run, as bits.</summary>
    public int Busy
    {
        get
        {
            var busy = 0;
            foreach (var future in Futures)
                if (future is { Kind: FutureKind.Task, Phase: Phase.Running }) busy |= 1 << future.At;
            return busy;
        }
    }

    /// <summary>The places that have a worker, as bits. A worker that is one too many stays while it has a task.</summary>
    public int Present
    {
        get
        {
            var present = ((1 << Most) - 1) | Busy;
            foreach (var id in Ready)
                if (Futures[id].Place >= 0) present |= 1 << Futures[id].Place;
            return present;
        }
    }

    /// <summary>Whether some worker may take a task although it need not.</summary>
    private bool MayTakeMore => MayGoOn != 0 || MayDropTasks;

    // A worker that is one too many is not replaced when it is used up or hangs: then the task that was for it alone is cancelled.
    public bool MayDropTasks => IsResized && (Setup.MaxTasks is not null || CountAbandoned > 0);

    /// <summary>How many workers were made because there may be more.</summary>
    public int Grown { get; init; }

    /// <summary>Whether no more tasks can come, so that the workers leave.</summary>
    private bool IsEnding => IsClosed && Waiting == 0 && (!MayRunAgain || Running == 0);

    public ModelState Resize(int most)
    {
        if (IsEnding || most == Most) return this;
        var isOneTooMany = ~((1 << most) - 1);
        var mayGoOn = SendsAhead ? (IsPaused ? MayGoOn : MayGoOn & isOneTooMany) | (Busy & isOneTooMany) : 0;
        var grown = IsAborted ? 0 : BitOperations.PopCount((uint)(((1 << most) - 1) & ~Present));
        // From now on several workers start tasks, and nobody compares the order. If it were kept, states that differ in it only would be
        // tried one by one, and there are as many as orders.
        return this with { Most = most, IsResized = true, MayGoOn = mayGoOn, Grown = Grown + grown, Started = [] };
    }

    /// <summary>The states in which a free worker has taken a task.</summary>
    private void AddTakes(List<ModelState> steps)
    {
        if (IsPaused || Ready.IsEmpty) return;
        var free = Present & ~Busy;
        for (var place = 0; place < MostAtAll; place++)
        {
            if ((free & (1 << place)) == 0) continue;
            foreach (var (id, ownTurns) in NextFor(place)) steps.Add(Take(id, place) with { OwnTurns = ownTurns });
        }
    }

    /// <summary>The states in which a worker has taken a task that it need not take.</summary>
    private void AddPossibleTakes(List<ModelState> steps)
    {
        if (!MayTakeMore || Ready.IsEmpty) return;
        var busy = Busy;
        foreach (var id in Ready)
        {
            if (MayDropTasks && Futures[id].Place >= Most && (busy & (1 << Futures[id].Place)) == 0)
                steps.Add(End(id, Phase.Canceled));
        }

        for (var place = 0; place < MostAtAll; place++)
        {
            var bit = 1 << place;
            if ((MayGoOn & ~busy & bit) == 0 || (place < Most && !IsPaused)) continue;
            foreach (var id in SentAhead(mayBeOfOthers: false)) steps.Add(Take(id, place));
        }
    }

    /// <summary>What the worker of a place may take next, and whose turn it is then.</summary>
    private IEnumerable<(int Id, int OwnTurns)> NextFor(int place)
    {
        var (own, everybodys) = (First(id => IsOwn(id, place)), First(id => !Futures[id].IsForOneWorker));
        var turn = 1 << place;
        if (SendsAhead)
        {
            if (own is { } mine) yield return (mine, OwnTurns);
            var others = SentAhead(mayBeOfOthers: Running > 0).ToHashSet();
            if (everybodys is { } first) others.Add(first);
            foreach (var id in others) yield return (id, OwnTurns);
        }
        else if (own is not { } ofPlace)
        {
            if (everybodys is { } id) yield return (id, OwnTurns);
        }
        else if (everybodys is not { } ofAll)
        {
            yield return (ofPlace, OwnTurns);
        }
        else if (Futures[ofPlace].Priority != Futures[ofAll].Priority)
        {
            yield return (Futures[ofPlace].Priority > Futures[ofAll].Priority ? ofPlace : ofAll, OwnTurns);
        }
        else
        {
            if (HasTombstones || (OwnTurns & turn) == 0) yield return (ofPlace, OwnTurns | turn);
            if (HasTombstones || (OwnTurns & turn) != 0) yield return (ofAll, OwnTurns & ~turn);
        }
    }

    // A process is sent the first of everybody's tasks. Since then others may have come with a larger priority. If others run a task, each
    // of the tasks may be at one of them.
    private IEnumerable<int> SentAhead(bool mayBeOfOthers)
    {
        var everybodys = Ready.Where(id => Futures[id] is { IsForOneWorker: false, Priority: >= 0 });
        return mayBeOfOthers ? everybodys : everybodys.DistinctBy(id => Futures[id].Priority);
    }

    /// <summary>The first of those in the queue for which this holds.</summary>
    private int? First(Predicate<int> predicate)
    {
        int? first = null;
        foreach (var id in Ready)
            if (predicate(id) && (first is not { } before || Futures[id].Priority > Futures[before].Priority)) first = id;
        return first;
    }

    /// <summary>Whether only this place may run the task, and may do so now.</summary>
    private bool IsOwn(int id, int place)
    {
        var task = Futures[id];
        if (task.Key is not { } key) return task.Place == place;
        return PlaceOf(key) == place && Ready.First(other => Futures[other].Key == key) == id && !IsHeld(key);
    }

    /// <summary>Whether a task with this key runs.</summary>
    private bool IsHeld(string key)
    {
        foreach (var future in Futures)
            if (future.Phase == Phase.Running && future.Key == key) return true;
        return false;
    }

    private ModelState Take(int id, int place)
    {
        var next = With(id, future => future with
        {
            Phase = Phase.Running, Starts = future.Starts + 1, At = place, DueAt = Earlier(Now + Setup.Timeout, future.DeadlineAt),
        });
        return next with
        {
            Ready = Ready.Remove(id),
            Started = Setup.Workers == 1 && !IsResized ? Started.Add(id) : Started,
            StartedOfKeys = Futures[id].Key is not { } key
                ? StartedOfKeys
                : StartedOfKeys.SetItem(Keys.IndexOf(key), StartedOfKeys[Keys.IndexOf(key)].Add(id)),
        };
    }

    private static int? Earlier(int? one, int? other) => one is { } first && other is { } second ? Math.Min(first, second) : one ?? other;

    /// <summary>The task goes to the end of the queue.</summary>
    private ModelState Enqueue(int id) => this with { Ready = Ready.Add(id) };

    /// <summary>A task is to be run again: it goes before all that have not begun.</summary>
    private ModelState PutBack(int id)
    {
        var place = 0;
        while (place < Ready.Length && Futures[Ready[place]].Starts > 0) place++;
        return With(id, future => future with { Phase = Phase.Pending, At = -1, DueAt = null }) with { Ready = Ready.Insert(place, id) };
    }
}
