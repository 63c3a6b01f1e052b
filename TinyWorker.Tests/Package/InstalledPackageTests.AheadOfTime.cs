namespace TinyWorker.Tests.Package;

// A program that is compiled ahead of time. It is linked by the system's own linker, which the SDK does not bring.
internal sealed partial class InstalledPackageTests
{
    private static readonly string[] BackEnds = ["ThreadTroupeOptions", "PoolTroupeOptions", "InlineTroupeOptions"];

    private static readonly string Expected = string.Concat(BackEnds.Select(backend => $"""
        {backend}:
          chain: 0, 0.5, 2, 4.5, 8
          functions: 42, True, 4, 3
          workers: +1=1, +2=3, +3=3; 3 succeeded, explained: True
          futures: 2 3 11, 11, 4 <5>, 6, 6, task
          maps: 328350, 328350, 0:0 1:1 2:4, 3 of 3, -6
          errors: FormatException, FormatException, 2 of FormatException, WorkerStartException
          timeout: TimeoutException
          order: 0 in the pause: True; first, key 1, key 2, plain, last
          each: 0 1, 0 1 2, one key on 1, 1 left: 0
          deadline: TimeoutException, 10
          elastic: 0 at first, 2, 1 of 2
          pipeline: 4 FormatException 16, 25
          batches: 9900, 2 failed, at most 8: True

        """)).ReplaceLineEndings("\n");

    [Test]
    public async Task Program_ThatUsesEveryPart_PrintsTheSameWhenItIsNotCompiledAheadOfTime()
    {
        using var output = new StringWriter();
        await Within.Time(AheadOfTimeProgram.RunAsync(output));
        Assert.That(output.ToString().ReplaceLineEndings("\n"), Is.EqualTo(Expected));
    }

    // Without the progress bar, as in a trimmed program, and without worker processes, which are refused.
    [Test]
    [Category("Long")]
    public async Task Program_ThatIsCompiledAheadOfTime_RunsEveryBackEndAndTheSamplesAndHasNoWarnings()
    {
        RequireLinker();
        const string Name = "AheadOfTime";
        const string Source = "AheadOfTimeProgram.cs";
        string[] samples = [.. Samples.Except(["Progress", "Processes"])];
        var program = Write(
            Name, samples, ["TinyWorker"],
            properties: "<PublishAot>true</PublishAot><TrimmerSingleWarn>false</TrimmerSingleWarn><StripSymbols>false</StripSymbols>",
            firstLine: """
                if (args is ["parts"])
                {
                    await TinyWorker.Tests.Package.AheadOfTimeProgram.RunAsync(Console.Out);
                    return;
                }
                """);
        File.Copy(Path.Combine(Root, "TinyWorker.Tests", "Package", Source), Path.Combine(program, Source));
        var published = await Command.DotNetAsync(program, Packages, "publish", "--use-current-runtime", "-o", "out");

        Assert.That(Warning().Matches(published).Select(match => match.Value), Is.Empty, published);
        var executable = Path.Combine(program, "out", OperatingSystem.IsWindows() ? Name + ".exe" : Name);
        Assert.That(Path.ChangeExtension(executable, ".dll"), Does.Not.Exist, "it is compiled ahead of time");
        await AssertPrints(Path.Combine(program, "out", Name), samples);
        var printed = await Command.RunAsync(executable, program, [], "parts");
        Assert.That(printed, Does.StartWith(Expected));
        Assert.That(printed[Expected.Length..], Does.StartWith("This program is compiled ahead of time"));
    }

    private static void RequireLinker()
    {
        if (!OperatingSystem.IsLinux()) return;   // there it belongs to Xcode or Visual Studio, and the SDK says what it lacks
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, "clang")) || File.Exists(Path.Combine(folder, "gcc"))))
            Assert.Ignore("To compile a program ahead of time takes clang (or gcc) and zlib's headers: apt-get install clang zlib1g-dev");
    }
}
