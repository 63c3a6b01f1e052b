namespace TinyWorker.Examples;

internal static class PerWorker
{
    // <sample>
    private sealed class Model(string device, Barrier everyone) : TinyWorker<string, string>
    {
        public override string Call(string prompt, CancellationToken cancellationToken)
        {
            everyone.SignalAndWait(cancellationToken);   // for this demonstration only: each worker takes exactly one task
            return $"{device} has answered";
        }
    }

    public static async Task RunAsync()
    {
        string[] devices = ["gpu:0", "gpu:1", "gpu:2"];
        using var everyone = new Barrier(devices.Length);

        await using var models = new TinyTroupe<string, string>(
            worker => new Model(devices[worker.Index], everyone),
            new() { Name = "models", Workers = devices.Length });

        var answers = await Task.WhenAll(devices.Select(_ => models.CallAsync("Hello?").AsTask()));
        Console.WriteLine(string.Join(Environment.NewLine, answers.Order()));
    }
    // </sample>
}
