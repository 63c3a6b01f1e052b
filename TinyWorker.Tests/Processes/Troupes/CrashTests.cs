namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>What the error of a task tells of the end of its worker.</summary>
internal sealed class CrashTests : TroupeFixture
{
    private const string Library = " TinyWorker.Processes.";

    [Test]
    public async Task Task_ThatOverflowsTheStack_SaysSoAndWhere()
    {
        var crash = await CrashOf(_ => Deaths.Die(Death.StackOverflow));
        Assert.That(crash.Message, Does.Contain("overflowed its stack in TinyWorker.Tests.Processes.Fatal.Overflow(Int32) before"));
        Assert.That(crash.LastErrorLines, Has.Member(Deaths.LastWords).And.Member("Stack overflow.").And.None.Contains(Library));
    }

    [Test]
    public async Task Task_ThatCallsFailFast_GivesItsMessage()
    {
        var crash = await CrashOf(_ => Deaths.Die(Death.FailFast));
        Assert.That(crash.Message, Does.Contain("ended itself by Environment.FailFast (on purpose)"));
        Assert.That(crash.LastErrorLines, Has.Member("Process terminated.").And.Some.Contains("Deaths.Die").And.None.Contains(Library));
    }

    [Test]
    public async Task Exception_OnAThreadThatTheTaskHasStarted_IsNamedWithItsMessage()
    {
        var crash = await CrashOf(_ =>
        {
            new Thread(() => throw new FormatException("no number")).Start();
            return Deaths.Hang();
        });
        Assert.That(
            crash.Message,
            Does.Contain("was ended by an exception that one of its threads did not handle (System.FormatException: no number)"));
        Assert.That(crash.LastErrorLines, Has.Some.Contains("CrashTests").And.None.Contains(Library));
    }

    [Test]
    public async Task Task_ThatCrashesInNativeCode_SaysSo()
    {
        var crash = await CrashOf(_ => Deaths.Die(Death.Sigsegv));
        Assert.That(crash.Message, Does.Contain("crashed in native code and was killed by SIGSEGV").And.Contain(Deaths.LastWords));
    }

    // A program may print what looks like a report, and end in another way.
    [Test]
    public async Task Task_ThatIsKilledAfterAReportOfSomethingElse_IsNotSaidToHaveEndedOfThat()
    {
        var crash = await CrashOf(_ =>
        {
            Console.Error.WriteLine("Unhandled exception. A request has failed; the next is tried.");
            return Deaths.Die(Death.Sigkill);
        });
        Assert.That(crash.Message, Does.Contain("was killed by SIGKILL").And.Not.Contain("did not handle"));
        Assert.That(crash.LastErrorLines, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Report_OfThousandsOfLines_IsKeptInItsFirst()
    {
        var crash = await CrashOf(_ =>
        {
            Environment.FailFast(string.Join('\n', Enumerable.Range(1, 5000).Select(line => $"line {line} {new string('x', 5000)}")));
            return 0;
        });
        Assert.That(crash.LastErrorLines, Has.Count.LessThan(40).And.Some.StartsWith("line 1 "));
        Assert.That(crash.LastErrorLines.Sum(line => line.Length), Is.LessThan(40_000));
        Assert.That(crash.LastErrorLines, Has.Some.Contains("CrashTests"), "frames come after the message");
    }

    [Test]
    public async Task Task_ThatTakesMoreMemoryThanItsWorkerMay_IsEndedWhileItRunsAndSaysWhy()
    {
        await using var troupe = new TinyTroupe<int, int>(
            megabytes =>
            {
                for (var kept = new List<byte[]>(); megabytes > 0; megabytes--)
                {
                    kept.Add(new byte[1 << 20]);
                    Array.Fill(kept[^1], (byte)1);
                }

                return Deaths.Hang();
            },
            new ProcessTroupeOptions { Workers = 2, KillAboveMemory = 200 << 20 });
        await Within.Time(troupe.WhenReadyAsync());
        var modest = troupe.Submit(1);
        var crash = await Fault<WorkerCrashedException>(troupe.Submit(300));
        Assert.That(
            crash.Message, Does.Contain("was killed because it held ").And.Contain("209.7 MB of ProcessTroupeOptions.KillAboveMemory")
                .And.Contain("Let the task hold less memory").And.Not.Contain("Look for"));
        Assert.That(modest.IsCompleted, Is.False);
        troupe.Abort();
        await Dispose(troupe);
    }

    private static async Task<WorkerCrashedException> CrashOf(Func<int, int> function)
    {
        await using var troupe = new TinyTroupe<int, int>(function, new ProcessTroupeOptions { Workers = 1 });
        var crash = await Fault<WorkerCrashedException>(troupe.Submit(1));
        await Dispose(troupe);
        return crash;
    }
}
