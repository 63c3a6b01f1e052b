using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>The names of the troupes whose futures were handed in as inputs, the last 64. It keeps none of these troupes alive.</summary>
/// <remarks>
/// It is told of every input, and mostly knows the name: so it looks without a lock. Each reading begins a new round, and each name has
/// the last round in which it came. A name that comes while a round ends gets the next one, too: it is read in one of the two.
/// </remarks>
internal sealed class InputTroupes
{
    private const int Most = 64;
    private const int Furthest = 64;   // so many futures behind an input are looked at, at the most

    private readonly Lock _lock = new();
    private Name[] _names = [];        // replaced, never changed, under _lock
    private long _round;

    public void Add(IFutureNode input)
    {
        var left = Furthest;
        AddBehind(input, ref left);
    }

    /// <summary>The names that came in rounds from this one on; its number becomes that of the round that begins now.</summary>
    public string[] Since(ref long round)
    {
        var first = round;
        var next = round = Interlocked.Increment(ref _round);
        return [.. Volatile.Read(ref _names).Where(name => name.Round >= first && name.Round < next).Select(static name => name.Text)];
    }

    // As deep as there are futures left to look at. An input that has ended has dropped what was behind it: then its own troupe is all
    // there is to know.
    private void AddBehind(IFutureNode input, ref int left)
    {
        for (var next = input; left-- > 0;)
        {
            if (next.WorkedBy is { } troupe)
            {
                Add(troupe.Name);
                return;
            }

            if (next is ICombinedFuture combined)
            {
                foreach (var source in combined.Sources)
                    if (left > 0 && !ReferenceEquals(source, next)) AddBehind(source, ref left);
                return;
            }

            if (next.Input is not { } behind)
            {
                if (next.FaultOwner is { } owner) Add(owner.Name);
                return;
            }

            next = behind;
        }
    }

    private void Add(string text)
    {
        var round = Volatile.Read(ref _round);
        var name = Find(text) ?? Added(text, round);
        while (name.Round < round)
        {
            Schedule.Point();
            name.Round = round;
            round = Volatile.Read(ref _round);   // a reader that has begun another round may have passed the name
        }
    }

    private Name? Find(string text)
    {
        foreach (var name in Volatile.Read(ref _names))
            if (name.Text == text) return name;
        return null;
    }

    private Name Added(string text, long round)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            if (Find(text) is { } known) return known;
            var added = new Name(text, round - 1);
            var kept = _names.Length < Most ? _names : [.. _names.OrderBy(static name => name.Round).TakeLast(Most - 1)];
            Volatile.Write(ref _names, [.. kept, added]);
            return added;
        }
    }

    private sealed class Name(string text, long round)
    {
        private long _round = round;

        public string Text => text;

        /// <summary>Set with a full fence: whoever sets it reads the round of the readers afterwards.</summary>
        public long Round
        {
            get => Volatile.Read(ref _round);
            set => Interlocked.Exchange(ref _round, value);
        }
    }
}
