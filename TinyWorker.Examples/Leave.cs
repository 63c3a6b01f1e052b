namespace TinyWorker.Examples;

internal static class Leave
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var squares = new TinyTroupe<int, int>(x => x * x, new() { Workers = 2 });

        await foreach (var square in squares.MapAsync(Endless()))
            if (square > 50)
            {
                Console.WriteLine(square);
                break;
            }

        Console.WriteLine(await squares.CallAsync(3));   // the troupe can be used further

        static IEnumerable<int> Endless()
        {
            try
            {
                for (var i = 0; ; i++) yield return i;
            }
            finally
            {
                Console.WriteLine("the source is disposed");
            }
        }
        // </sample>
    }
}
