namespace TinyWorker.Examples;

internal static class Reload
{
    // <sample>
    private abstract record Request;

    private sealed record Ask(string Prompt) : Request;

    private sealed record Load(string File) : Request;

    private sealed class Model(int worker, string file) : TinyWorker<Request, string>
    {
        private string file = file;   // stands for what was loaded of it

        public override string Call(Request request, CancellationToken cancellationToken)
        {
            if (request is Ask ask) return $"{ask.Prompt} {file} has answered";
            file = ((Load)request).File;
            return $"worker {worker} has loaded {file}";
        }
    }

    public static async Task RunAsync()
    {
        var file = "v1";
        await using var models = new TinyTroupe<Request, string>(worker => new Model(worker.Index, file), new() { Workers = 3 });
        Console.WriteLine(await models.CallAsync(new Ask("Hello?")));

        file = "v2";   // for workers that are made from now on
        foreach (var answer in await TinyFuture.WhenAll(models.SubmitToEach(new Load(file)))) Console.WriteLine(answer);

        Console.WriteLine(await models.CallAsync(new Ask("Hello?")));
    }
    // </sample>
}
