namespace TinyWorker.Tests.Docs;

/// <summary>The model of docs/pipelines.md, which is a program of its own.</summary>
internal sealed class OnnxTests
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);   // ten seconds on an idle machine

    [Test]
    public async Task Model_ServedInBatches_GivesTheSameAnswersInFewerCalls()
    {
        const string Name = "TinyWorker.Examples.Onnx";
        var program = Path.Combine(RepositoryRoot.Find(), Name, "bin", Configuration, "net10.0", Name + ".dll");
        var (exitCode, output, errors) = await OwnProcess.RunAsync(program, Deadline);

        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain("One at a time: 20 inputs in 20 batches."));
        Assert.That(output, Does.Match(@"Up to 128 at a time: 2000 inputs in \d{2,3} batches\."), "far fewer than 2,000");
        Assert.That(output, Does.Contain("The answers are the same: True"));
    }
}
