namespace TinyWorker.Hosting.Tests.Docs;

/// <summary>The samples of docs/hosting.md run. That the page shows them as they are here is held by the tests of all pages.</summary>
[NonParallelizable]   // the first sample reads a folder below the current one
internal sealed class SampleTests
{
    [Test]
    public async Task HashesSample_PrintsTheHashesOfTheInbox()
    {
        var (folder, before, output) = (Directory.CreateTempSubdirectory("tinyworker-hosting-"), Environment.CurrentDirectory, Console.Out);
        var printed = new StringWriter();
        try
        {
            Environment.CurrentDirectory = folder.CreateSubdirectory("inbox").Parent!.FullName;
            await File.WriteAllTextAsync(Path.Combine("inbox", "empty"), "");
            Console.SetOut(TextWriter.Synchronized(printed));
            using var host = HashesSample.Make(["--Logging:LogLevel:Default=None"]);
            await Within.Time(host.StartAsync());
            var inbox = host.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<HashesSample.Inbox>().Single();
            await Within.Time(inbox.ExecuteTask!);
            await Within.Time(host.StopAsync());
        }
        finally
        {
            Console.SetOut(output);
            Environment.CurrentDirectory = before;
            folder.Delete(recursive: true);
        }

        Assert.That(
            printed.ToString().Trim(), Is.EqualTo("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"));
    }

    [Test]
    public async Task FunctionsSample_Works()
    {
        using var host = Build.Host(FunctionsSample.Add, ("TinyTroupes:words:Workers", "1"), ("TinyTroupes:orders:Workers", "1"));
        await Within.Time(host.StartAsync());
        var orders = host.Services.GetRequiredService<ITinyTroupe<int, string>>();
        var words = host.Services.GetRequiredService<ITinyTroupe<string, int>>();
        Assert.That(await Within.Time(orders.CallAsync(7)), Is.EqualTo("order 7"));
        Assert.That(await Within.Time(words.CallAsync("to be or not")), Is.EqualTo(4));
        await Within.Time(host.StopAsync());
    }
}
