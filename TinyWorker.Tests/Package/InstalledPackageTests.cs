using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework.Constraints;
using TinyWorker.Tests.Docs;

namespace TinyWorker.Tests.Package;

/// <summary>A fresh program, with the packages from a folder, is built and runs the samples of the README.</summary>
internal sealed partial class InstalledPackageTests : PackageFixture
{
    private static readonly Dictionary<string, IResolveConstraint> Printed = new()
    {
        ["Squares"] = Is.EqualTo("0, 0.5, 2, 4.5, 8, 12.5, 18, 24.5, 32, 40.5"),
        ["Function"] = Is.EqualTo("4\n168\n9592"),
        ["Stateful"] = Is.EqualTo($"{Hash("one")}\n{Hash("two")}\n{Hash("three")}"),
        ["PerWorker"] = Is.EqualTo("gpu:0 has answered\ngpu:1 has answered\ngpu:2 has answered"),
        ["Chain"] = Is.EqualTo("7 words"),
        ["Lines"] = Does.StartWith("1,000,000 lines with 5,888,890 characters in "),
        ["OneLiner"] = Is.EqualTo("0\n1\n4\n9\n16\n25\n36\n49\n64\n81"),
        ["Progress"] = Is.EqualTo("20,084 primes"),
        ["Outcomes"] = Is.EqualTo(
            "item 0, '1', is 1\nitem 1, 'two', failed: The input string 'two' was not in a correct format.\nitem 2, '3', is 3"),
        ["Errors"] = Is.EqualTo("1: 2\ntwo: The input string 'two' was not in a correct format.\nthe parser's own exception: True\n3: 6"),
        ["Cancel"] = Is.EqualTo("Canceled: OperationCanceledException\nCanceled: OperationCanceledException\nFaulted: TimeoutException"),
        ["Processes"] = Is.EqualTo("0, 0.5, 2, 4.5, 8, 12.5, 18, 24.5, 32, 40.5"),
    };

    private static string[] Samples => [.. SamplesOfTheReadme().Select(sample => Path.GetFileNameWithoutExtension(sample.File))];

    [Test]
    public async Task Program_WithThePackages_RunsTheSamplesOfTheReadme()
    {
        var program = Write("Plain", Samples, ["TinyWorker", "TinyWorker.Console"], properties: "", firstLine: "");
        await Command.DotNetAsync(program, Packages, "build", "-o", "out", "-warnaserror", "-warnnotaserror:NU1603");
        await AssertPrints(Path.Combine(program, "out", "Plain"), Samples);
    }

    // Without the progress bar: Spectre.Console does not say that it can be trimmed. The analyzers speak of compiling ahead of time, too.
    [Test]
    [Category(LongTests.Category)]
    public async Task Program_ThatIsTrimmed_RunsTheSamplesAndIsWarnedOfProcessTroupesOnly()
    {
        string[] samples = [.. Samples.Except(["Progress"])];
        var program = Write(
            "Trimmed", samples, ["TinyWorker"],
            properties: "<PublishTrimmed>true</PublishTrimmed><IsAotCompatible>true</IsAotCompatible>"
                + "<TrimmerSingleWarn>false</TrimmerSingleWarn>",
            firstLine: "TinyTroupeHost.RunIfWorker();");
        var output = await Command.DotNetAsync(program, Packages, "publish", "--use-current-runtime", "-o", "out");

        var warnings = Warning().Matches(output)
            .Select(match => $"{Path.GetFileName(match.Groups["file"].Value)}: {match.Groups["code"].Value}").Distinct();
        Assert.That(warnings, Is.EquivalentTo(new[] { "Processes.cs: IL2026", "Processes.cs: IL3050" }), output);
        await AssertPrints(Path.Combine(program, "out", "Trimmed"), samples);
    }

    private static string Packages => Path.Combine(Folder, "packages");

    private static string Hash(string word) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(word)));

    // Those that are programs by themselves.
    private static PageSample[] SamplesOfTheReadme() =>
        [.. new Page("README.md").Samples.Where(sample => sample.File.StartsWith("TinyWorker.Examples/", StringComparison.Ordinal))];

    private static async Task AssertPrints(string program, string[] samples)
    {
        var executable = program + (OperatingSystem.IsWindows() ? ".exe" : "");
        var environment = new Dictionary<string, string> { ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1" };
        var output = await Command.RunAsync(executable, Path.GetDirectoryName(program)!, environment);
        var printed = output.Split("== ")[1..].ToDictionary(each => each.Split('\n')[0], each => each[each.IndexOf('\n')..].Trim());

        Assert.That(printed.Keys, Is.EqualTo(samples));
        using (Assert.EnterMultipleScope())
        {
            foreach (var sample in samples)
            {
                Assert.That(Printed, Does.ContainKey(sample), "it says here what each sample of the README prints");
                Assert.That(printed[sample], Printed[sample], sample);
            }
        }
    }

    // Each sample is put into the code that surrounds it in its example.
    private static string Write(string name, string[] samples, string[] packages, string properties, string firstLine)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;
        foreach (var sample in SamplesOfTheReadme().Where(sample => samples.Contains(Path.GetFileNameWithoutExtension(sample.File))))
        {
            var example = File.ReadAllLines(Path.Combine(Root, sample.File));
            var begin = Array.FindIndex(example, line => line.Trim() == "// <sample>");
            var end = Array.FindLastIndex(example, line => line.Trim() == "// </sample>");
            string[] code = [.. example[..begin], sample.Code, .. example[(end + 1)..]];
            var text = string.Join('\n', code).Replace("Count = 10_000_000", "Count = 1_000_000", StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(folder, Path.GetFileName(sample.File)), text);
        }

        File.WriteAllText(Path.Combine(folder, "Program.cs"), $"""
            using TinyWorker;
            using TinyWorker.Examples;

            {firstLine}
            {string.Join('\n', samples.Select(sample => $"Console.WriteLine(\"== {sample}\");\nawait {sample}.RunAsync();"))}
            """);
        WriteProject(folder, name, packages, "<OutputType>Exe</OutputType>" + properties);
        return folder;
    }

    private static void WriteProject(
        string folder, string name, string[] packages, string properties, string sdk = "Microsoft.NET.Sdk")
    {
        File.WriteAllText(Path.Combine(folder, name + ".csproj"), $"""
            <Project Sdk="{sdk}">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                {properties}
              </PropertyGroup>
              <ItemGroup>
                {string.Join('\n', packages.Select(package => $"<PackageReference Include=\"{package}\" Version=\"{Version}\" />"))}
              </ItemGroup>
            </Project>
            """);
        // Our packages come from our folder only. The others come from the repository's package folder, or else from nuget.org.
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <add key="ours" value="{Feed}" />
              </packageSources>
              <fallbackPackageFolders>
                <add key="restored" value="{Restored()}" />
              </fallbackPackageFolders>
              <packageSourceMapping>
                <packageSource key="ours"><package pattern="TinyWorker*" /></packageSource>
                <packageSource key="nuget.org"><package pattern="*" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """);
    }

    [GeneratedRegex(@"^(?<file>[^(:]+)\S* .*?warning (?<code>IL\d+)", RegexOptions.Multiline)]
    private static partial Regex Warning();
}
