namespace TinyWorker.Tasks;

/// <summary>What the queue needs to know of an item.</summary>
internal interface IQueuedItem
{
    /// <summary>What the task asked for; null if it asked for nothing.</summary>
    SubmitTerms? Terms { get; }

    /// <summary>Whether it has ended, or is about to: then it is a tombstone in the queue.</summary>
    bool IsEnding { get; }
}

/// <summary>Where an item stands among those that wait: the larger priority first, and then the smaller number.</summary>
internal readonly record struct ItemOrder(int Priority, long Number) : IComparable<ItemOrder>
{
    public int CompareTo(ItemOrder other) =>
        Priority != other.Priority ? other.Priority.CompareTo(Priority) : Number.CompareTo(other.Number);
}
