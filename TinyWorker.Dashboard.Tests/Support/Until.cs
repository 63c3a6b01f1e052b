using System.Diagnostics;

namespace TinyWorker.Dashboard.Tests.Support;

/// <summary>Waits for what has no event.</summary>
internal static class Until
{
    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(since) > Site.Deadline) throw new AssertionException($"{what}: not within {Site.Deadline}");
            await Task.Yield();
        }
    }

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);
}
