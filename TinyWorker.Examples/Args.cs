namespace TinyWorker.Examples;

internal static class Args
{
    public static Task RunAsync()
    {
        // <sample>
        // Several arguments are a tuple, or a record where names or defaults help.
        (double Base, double Exponent)[] powers = [(2, 10), (3, 3), (10, -2)];
        foreach (var power in powers.ParallelMap(x => Math.Pow(x.Base, x.Exponent)))
            Console.WriteLine(power);

        Thumbnail[] thumbnails = [new("cat.png"), new("dog.png", Width: 640)];
        foreach (var line in thumbnails.ParallelMap(x => $"{x.Path} at {x.Width} pixels"))
            Console.WriteLine(line);
        // </sample>
        return Task.CompletedTask;
    }

    private sealed record Thumbnail(string Path, int Width = 320);
}
