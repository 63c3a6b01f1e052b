namespace TinyWorker.Tests.Processes;

internal sealed class WorkerCrashedExceptionTests
{
    [Test]
    public void Message_OfAKill_SaysWhatDiedHowAndWhatToDo()
    {
        var exception = new WorkerCrashedException("players", 1234, null, "SIGKILL", ["1", "2", "3", "4", "5", "last words"], attempts: 1);

        foreach (var part in new[] { "1234", "'players'", "SIGKILL", "MaxAttempts", "  last words" })
            Assert.That(exception.Message, Does.Contain(part));
        Assert.That(exception.Message, Does.Not.Contain("  1"));
        Assert.That((exception.Troupe, exception.ProcessId, exception.Attempts), Is.EqualTo(("players", 1234, 1)));
        Assert.That((exception.ExitCode, exception.Signal), Is.EqualTo(((int?)null, "SIGKILL")));
        Assert.That(exception.LastErrorLines, Has.Count.EqualTo(6));
    }

    [Test]
    public void Message_OfAnExitAfterSeveralAttempts_AdvisesNoMore()
    {
        var exception = new WorkerCrashedException("players", 1234, -1, null, [], attempts: 3);

        Assert.That(
            exception.Message,
            Does.Contain("exit code -1").And.Contain("attempt 3").And.Not.Contain("MaxAttempts").And.Not.Contain("stderr"));
    }

    [Test]
    public void Message_OfACause_NamesIt()
    {
        var cause = new FormatException("the stream made no sense");

        var exception = new WorkerCrashedException("players", 1234, null, null, [], attempts: 1, cause);

        Assert.That(exception.Message, Does.Contain("was lost (the stream made no sense)"));
        Assert.That(exception.InnerException, Is.SameAs(cause));
    }

    [TestCase(1)]
    [TestCase(3)]
    public void Message_OfAKillWhoseRemedyIsKnown_SaysThat(int attempts)
    {
        var exception = new WorkerCrashedException(
            "players", 1234, 137, "SIGKILL", [], attempts, how: "was killed because it held too much", remedy: "Let it hold less");

        Assert.That(
            exception.Message,
            Does.Contain("it held too much before its task ended.").And.Contain("Let it hold less").And.Not.Contain("Look for what ended"));
    }
}
