namespace TinyWorker.Diagnostics;

/// <summary>Counts the troupes of this process that have no name of their own.</summary>
internal static class TroupeNumber
{
    private static int s_last;

    public static int Next() => Interlocked.Increment(ref s_last);
}
