namespace TinyWorker.Hosting.Tests.Support;

/// <summary>Waits with a deadline, which is long, because the machine may be loaded.</summary>
internal static class Within
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static Task Time(Task task) => task.WaitAsync(Deadline);

    public static Task<T> Time<T>(Task<T> task) => task.WaitAsync(Deadline);

    public static Task Time(ValueTask task) => task.AsTask().WaitAsync(Deadline);

    public static Task<T> Time<T>(ValueTask<T> task) => task.AsTask().WaitAsync(Deadline);

    /// <summary>Waits for a state that has no event.</summary>
    public static void Until(Func<bool> condition, string what)
    {
        if (!SpinWait.SpinUntil(condition, Deadline)) Assert.Fail($"{what} was not seen within {Deadline}.");
    }
}
