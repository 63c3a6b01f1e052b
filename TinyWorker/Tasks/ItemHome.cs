namespace TinyWorker.Tasks;

/// <summary>
/// What an item belongs to, and what it keeps besides its input. Most items keep nothing: their home is the core of their troupe itself, so
/// they need one field for both, and no other object.
/// </summary>
internal class ItemHome<TIn, TOut>
{
    /// <summary>The home of one item that keeps something.</summary>
    public ItemHome(TroupeCore<TIn, TOut> core, ItemContext context)
    {
        Core = core;
        Context = context;
    }

    /// <summary>For the core, the home of all that keep nothing.</summary>
    protected ItemHome() => Core = (TroupeCore<TIn, TOut>)this;

    public TroupeCore<TIn, TOut> Core { get; }

    public ItemContext? Context { get; }
}
