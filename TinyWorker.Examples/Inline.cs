namespace TinyWorker.Examples;

internal static class Inline
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var squares = new TinyTroupe<int, (int Square, bool IsMyThread)>(
            IsOn(Environment.CurrentManagedThreadId), new InlineTroupeOptions { Workers = 1 });

        Console.WriteLine(squares.Submit(3));   // has ended when Submit returns

        static Func<int, (int, bool)> IsOn(int thread) => x => (x * x, Environment.CurrentManagedThreadId == thread);
        // </sample>
    }
}
