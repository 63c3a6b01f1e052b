using System.Diagnostics;
using TinyWorker.Processes.Parent.Launching;

namespace TinyWorker.Tests.Processes;

[Platform("Linux", Reason = "The command line of a process is read in /proc.")]
internal sealed class HostOptionsTests
{
    [TestCase("dotnet exec app.dll a b", "")]
    [TestCase("dotnet app.dll --runtimeconfig a", "")]
    [TestCase("dotnet --fx-version 10.0.1 app.dll", "--fx-version 10.0.1")]
    [TestCase("dotnet exec --runtimeconfig /a.json --roll-forward Major /b/app.dll x", "--runtimeconfig /a.json --roll-forward Major")]
    [TestCase("dotnet exec --depsfile /a/../b.json --additionalprobingpath /p app.dll", "--depsfile /b.json --additionalprobingpath /p")]
    [TestCase("dotnet exec --runtimeconfig /a.json other.dll app.dll", "")]
    [TestCase("dotnet test --runtimeconfig", "")]
    [TestCase("dotnet", "")]
    [TestCase("", "")]
    public void Options_OfACommandLine_AreThoseBeforeTheProgram(string line, string options) =>
        Assert.That(string.Join(' ', HostOptions.Of(line.Split(' '), "app.dll")), Is.EqualTo(options));

    [Test]
    public async Task Worker_OfAProgramThatWasStartedWithAConfigurationOfItsOwn_HasItToo([Values] bool isRelative)
    {
        var folder = Directory.CreateTempSubdirectory("tinyworker-configuration-").FullName;
        var assembly = typeof(Program).Assembly.Location;
        var text = await File.ReadAllTextAsync(Path.ChangeExtension(assembly, ".runtimeconfig.json"));
        var start = text.IndexOf("\"configProperties\": {", StringComparison.Ordinal) + "\"configProperties\": {".Length;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "own.json"), $"{text[..start]} \"{TellsItsConfiguration.Setting}\": \"set\", {text[start..]}");
        var program = new ProcessStartInfo(
            OwnProcess.DotNet,
            ["exec", "--runtimeconfig", isRelative ? "own.json" : Path.Combine(folder, "own.json"), assembly, TellsItsConfiguration.Name])
        {
            WorkingDirectory = folder,
        };
        var (exitCode, output, errors) = await OwnProcess.RunAsync(program, Within.Deadline);
        Directory.Delete(folder, recursive: true);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output.Trim(), Is.EqualTo("set"));
    }
}
