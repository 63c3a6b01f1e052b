namespace TinyWorker.Queueing;

/// <summary>An item of the <see cref="WaitingRoom{TItem}"/>: it knows its seat, so that leaving costs no search.</summary>
internal interface IWaitingItem
{
    /// <summary>Written once, before the item is seated.</summary>
    int Seat { get; set; }
}
