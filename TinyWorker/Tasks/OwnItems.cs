using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace TinyWorker.Tasks;

/// <summary>
/// The items that only one worker may take: those with a key, and those that are meant for every worker. Each place has a line of its own.
/// Guarded by the lock of the queue.
/// </summary>
/// <remarks>
/// The items of one key are in a lane, in their order. A lane is in one of two states. It is ready: it stands in the line of the place that
/// has the key, and its first item can be taken. Or it is held: an item of the lane was taken, and has not ended (it runs, or waits to be
/// run again); the others wait. Whoever takes an item holds its lane, and the lane is let go of once: when that item has ended
/// (<see cref="Release"/>), or is put back (<see cref="PutBack"/>). An item that has ended before it was taken never holds the lane. All
/// that is decided under the lock. A lane that has no item and is not held is forgotten.
/// A lane that is ready stands where its first item belongs. If that item ends while it waits, the lane goes to where the next one belongs
/// (<see cref="Release"/>): an item that has ended lends its priority to no other. An entry cannot be taken out of the middle of a line, so
/// the one from before stays there. It is out of date, is passed over when its turn comes, and is counted until then.
/// </remarks>
internal sealed class OwnItems<TItem>(int places)
    where TItem : class, IQueuedItem
{
    private const int FewItems = 100;

    private readonly Dictionary<string, Lane> _lanes = [];
    private readonly List<Line> _lines = [];
    private int _places = places;   // how many there may be now: keys are only at these
    private int _items;             // how many wait, tombstones and those in held lanes included
    private int _outdated;          // how many entries of lanes are out of date
    private long _lastPutBack = long.MinValue;

    /// <summary>How many entries there are: the items that wait, tombstones and those in held lanes included, and what is out of
    /// date.</summary>
    public int Count => _items + _outdated;

    /// <summary>Whether an item may be taken at the place.</summary>
    public bool HasFor(int place) => TryPeek(place, out _);

    /// <summary>Where the first item of the place stands that has not ended.</summary>
    public bool TryPeek(int place, out ItemOrder order)
    {
        order = default;
        if (place >= _lines.Count) return false;
        var ready = _lines[place].Ready;
        while (ready.TryPeek(out var entry, out order))
        {
            if (IsOutdated(entry, order)) _outdated--;
            else if (entry is TItem { IsEnding: true }) _items--;
            else return true;
            ready.Dequeue();
        }

        return false;
    }

    /// <summary>Whether it is the turn of the place's own items, after one of everybody's. Asking takes the turn.</summary>
    public bool TakeTurn(int place)
    {
        var line = _lines[place];
        line.HasTurn = !line.HasTurn;
        return line.HasTurn;
    }

    /// <summary>Adds an item with a key or a place.</summary>
    /// <param name="item">The item.</param>
    /// <param name="number">Where it stands among its equals.</param>
    /// <returns>The place whose worker can take an item now.</returns>
    public int Add(TItem item, long number)
    {
        _items++;
        var terms = item.Terms!;
        if (terms.Key is not { } key) return AddForPlace(item, terms, number);
        if (!_lanes.TryGetValue(key, out var lane)) _lanes.Add(key, lane = new Lane(key));
        lane.Waiting.AddLast((item, number));
        if (lane.Held is null && !lane.IsReady) MakeReady(lane);
        return PlaceOf(key);
    }

    /// <summary>An item that was taken is to be run again: it is the first of its lane.</summary>
    public int PutBack(TItem item)
    {
        var terms = item.Terms!;
        if (terms.Key is not { } key)
        {
            _items++;
            return AddForPlace(item, terms, ++_lastPutBack);
        }

        // If it has ended meanwhile, and has let go of the lane, another may hold it.
        if (_lanes.TryGetValue(key, out var lane) && ReferenceEquals(lane.Held, item))
        {
            _items++;
            lane.Held = null;
            lane.Waiting.AddFirst((item, ++_lastPutBack));
            MakeReady(lane);
        }

        return PlaceOf(key);
    }

    /// <summary>Takes the first item of a place that has not ended.</summary>
    public bool TryTake(int place, [NotNullWhen(true)] out TItem? item)
    {
        item = null;
        if (place >= _lines.Count) return false;
        while (_lines[place].Ready.TryDequeue(out var entry, out var order))
        {
            if (IsOutdated(entry, order))
            {
                _outdated--;
                continue;
            }

            if (entry is not Lane lane)
            {
                _items--;
                item = (TItem)entry;
                if (!item.IsEnding) return true;
                continue;
            }

            lane.IsReady = false;
            item = TakeFirstOf(lane);
            if (item is not null)
            {
                lane.Held = item;
                return true;
            }

            _lanes.Remove(lane.Key);
        }

        item = null;
        return false;
    }

    /// <summary>Takes every item that waits: none of them is to run any more.</summary>
    public List<TItem> TakeAll()
    {
        List<TItem> taken = [];
        foreach (var lane in _lanes.Values.ToArray())
        {
            taken.AddRange(lane.Waiting.Select(static waiting => waiting.Item));
            lane.Waiting.Clear();
            lane.IsReady = false;
            if (lane.Held is null) _lanes.Remove(lane.Key);
        }

        foreach (var line in _lines)
        {
            taken.AddRange(line.Ready.UnorderedItems.Select(static entry => entry.Element).OfType<TItem>());
            line.Ready.Clear();
        }

        (_items, _outdated) = (0, 0);
        return taken;
    }

    /// <summary>Takes the items that are meant for the worker of this place and have no key.</summary>
    public List<TItem> TakeAllFor(int place)
    {
        List<TItem> taken = [];
        if (place >= _lines.Count) return taken;
        var entries = _lines[place].Ready.UnorderedItems.ToArray();
        _lines[place].Ready.Clear();
        foreach (var (entry, order) in entries)
        {
            if (entry is Lane) _lines[place].Ready.Enqueue(entry, order);
            else taken.Add((TItem)entry);
        }

        _items -= taken.Count;
        return taken;
    }

    /// <summary>A task with a key has ended, after it was taken or while it waited.</summary>
    /// <returns>The place whose worker can take another item with the same key; <see cref="SubmitTerms.NoPlace"/> for none.</returns>
    public int Release(TItem item)
    {
        if (!_lanes.TryGetValue(item.Terms!.Key!, out var lane)) return SubmitTerms.NoPlace;
        if (ReferenceEquals(lane.Held, item))
        {
            lane.Held = null;
        }
        else
        {
            if (!lane.IsReady || !ReferenceEquals(lane.Waiting.First!.Value.Item, item)) return SubmitTerms.NoPlace;
            lane.IsReady = false;
            _outdated++;
        }

        DropFirstTombstones(lane);
        if (lane.Waiting.Count > 0) return MakeReady(lane);
        _lanes.Remove(lane.Key);
        return SubmitTerms.NoPlace;
    }

    /// <summary>There may be more places now, or fewer: the lanes that are ready go to where their keys belong.</summary>
    /// <returns>The places that have items.</returns>
    public List<int> Resize(int places)
    {
        _places = places;
        _outdated = 0;
        foreach (var line in _lines)
        {
            var entries = line.Ready.UnorderedItems.ToArray();
            line.Ready.Clear();
            foreach (var (entry, order) in entries)
                if (entry is not Lane) line.Ready.Enqueue(entry, order);
        }

        foreach (var lane in _lanes.Values)
            if (lane.IsReady) MakeReady(lane);
        return Places();
    }

    /// <summary>The places that have items which may be taken.</summary>
    public List<int> Places() => [.. Enumerable.Range(0, _lines.Count).Where(HasFor)];

    /// <summary>Removes the items that have ended.</summary>
    public void DropTombstones()
    {
        _outdated = 0;
        foreach (var line in _lines)
        {
            var entries = line.Ready.UnorderedItems.ToArray();
            line.Ready.Clear();
            foreach (var (entry, order) in entries)
            {
                if (entry is TItem { IsEnding: true }) _items--;
                else if (entry is TItem) line.Ready.Enqueue(entry, order);
                else ((Lane)entry).IsReady = false;   // made ready below
            }
        }

        foreach (var lane in _lanes.Values.ToArray())
        {
            for (var node = lane.Waiting.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Item.IsEnding)
                {
                    lane.Waiting.Remove(node);
                    _items--;
                }

                node = next;
            }

            if (lane.Held is not null) continue;
            if (lane.Waiting.Count > 0) MakeReady(lane);
            else _lanes.Remove(lane.Key);
        }
    }

    public int PlaceOf(string key) => KeyPlaces.PlaceOf(key, _places);

    private int AddForPlace(TItem item, SubmitTerms terms, long number)
    {
        LineAt(terms.Place).Ready.Enqueue(item, new ItemOrder(terms.Priority, number));
        return terms.Place;
    }

    private int MakeReady(Lane lane)
    {
        var place = PlaceOf(lane.Key);
        var (item, number) = lane.Waiting.First!.Value;
        (lane.IsReady, lane.ReadyNumber) = (true, number);
        LineAt(place).Ready.Enqueue(lane, new ItemOrder(item.Terms!.Priority, number));
        return place;
    }

    // No two items have one number.
    private static bool IsOutdated(object entry, ItemOrder order) =>
        entry is Lane lane && !(lane.IsReady && lane.ReadyNumber == order.Number);

    private TItem? TakeFirstOf(Lane lane)
    {
        DropFirstTombstones(lane);
        if (lane.Waiting.First is not { } first) return null;
        lane.Waiting.RemoveFirst();
        _items--;
        return first.Value.Item;
    }

    private void DropFirstTombstones(Lane lane)
    {
        while (lane.Waiting.First is { Value.Item.IsEnding: true })
        {
            lane.Waiting.RemoveFirst();
            _items--;
        }
    }

    private Line LineAt(int place)
    {
        while (_lines.Count <= place) _lines.Add(new Line());
        return _lines[place];
    }

    [Conditional("DEBUG")]
    public void AssertInvariants_NeedsLock()
    {
        if (Count > FewItems) return;   // else a long queue would take a quadratic time
        var waiting = 0;
        var ready = 0;
        var outdated = 0;
        foreach (var lane in _lanes.Values)
        {
            waiting += lane.Waiting.Count;
            if (lane.IsReady) ready++;
            Debug.Assert(lane.IsReady == lane.Held is null, "a lane is ready, or held");
            Debug.Assert(!lane.IsReady || lane.Waiting.Count > 0, "a lane that is ready has an item");
        }

        foreach (var line in _lines)
        {
            waiting += line.Ready.UnorderedItems.Count(static entry => entry.Element is not Lane);
            ready -= line.Ready.UnorderedItems.Count(static entry => entry.Element is Lane && !IsOutdated(entry.Element, entry.Priority));
            outdated += line.Ready.UnorderedItems.Count(static entry => IsOutdated(entry.Element, entry.Priority));
        }

        Debug.Assert(waiting == _items, "the items are counted");
        Debug.Assert(ready == 0, "a lane that is ready stands in one line, once");
        Debug.Assert(outdated == _outdated, "what is out of date is counted");
    }

    /// <summary>What the worker of a place may take.</summary>
    private sealed class Line
    {
        /// <summary>Items for this place, and lanes that are ready.</summary>
        public PriorityQueue<object, ItemOrder> Ready { get; } = new();

        public bool HasTurn { get; set; }
    }

    /// <summary>The items of one key.</summary>
    private sealed class Lane(string key)
    {
        public string Key => key;

        public LinkedList<(TItem Item, long Number)> Waiting { get; } = new();

        /// <summary>Whether it stands in the line of a place.</summary>
        public bool IsReady { get; set; }

        /// <summary>If it does: the number of the item whose turn it takes.</summary>
        public long ReadyNumber { get; set; }

        /// <summary>The item that was taken and has not ended.</summary>
        public TItem? Held { get; set; }
    }
}
