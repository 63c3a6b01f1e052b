namespace TinyWorker.Backends.Processes.Wire;

/// <summary>What there is to know of a kind of frame.</summary>
internal static class FrameKinds
{
    private const int ToParent = 0x80;

    private static readonly bool[] Known = MakeKnown();

    public static bool Belongs(FrameKind kind, FrameDirection direction) =>
        Known[(byte)kind] && ((int)kind & ToParent) != 0 == (direction == FrameDirection.ToParent);

    /// <summary>The kind whose payloads are the user's values.</summary>
    public static FrameKind OfValues(FrameDirection direction) => direction == FrameDirection.ToWorker ? FrameKind.Call : FrameKind.Result;

    private static bool[] MakeKnown()
    {
        var known = new bool[byte.MaxValue + 1];
        foreach (var kind in Enum.GetValues<FrameKind>()) known[(byte)kind] = true;
        return known;
    }
}
