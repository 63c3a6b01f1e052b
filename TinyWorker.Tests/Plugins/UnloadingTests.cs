namespace TinyWorker.Tests.Plugins;

/// <summary>A plug-in with its own copy of the library can be unloaded: nothing of the process holds the copy.</summary>
internal sealed class UnloadingTests
{
    [Test]
    public async Task Plugin_WhoseTroupesHaveEnded_IsUnloaded([Values("threads", "pool", "inline", "processes")] string backend)
    {
        var (exitCode, output, errors) = await OwnProcess.RunAsync(Within.Deadline, UnloadsAPlugin.Name, backend);
        Assert.That((exitCode, output), Is.EqualTo((0, $"gone{Environment.NewLine}")), errors);
    }
}
