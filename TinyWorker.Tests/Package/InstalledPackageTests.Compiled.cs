using System.Globalization;
using System.Reflection.PortableExecutable;

namespace TinyWorker.Tests.Package;

// The package has machine code for some systems, and the plain assembly for all others.
internal sealed partial class InstalledPackageTests
{
    private const string WithoutCompiledCode = "freebsd-x64";

    [Test]
    public async Task Program_WithThePackage_RunsItsCompiledCodeOrThePlainAssembly()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "Compiled")).FullName;
        WriteProject(folder, "Compiled", ["TinyWorker"], "<OutputType>Exe</OutputType><UseAppHost>false</UseAppHost>");
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), """
            using TinyWorker;

            await using var troupe = new TinyTroupe<string, string>(Tell, new ProcessTroupeOptions { Workers = 1 });
            Console.WriteLine(Tell(""));
            Console.WriteLine(await troupe.Submit(""));

            static string Tell(string nothing) =>
                $"{System.Runtime.JitInfo.GetCompiledMethodCount()} {typeof(TinyFuture).Assembly.Location}";
            """);

        // As most programs are built: for no system. The host finds the one of the system.
        var anywhere = await RunAsync("out-anywhere");
        var here = await RunAsync("out-here", "-r", CompiledFor);
        // For a system for which the package has none. What is managed runs here, too.
        var elsewhere = await RunAsync("out-elsewhere", "-r", WithoutCompiledCode);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(anywhere.Select(process => process.IsCompiled), Is.All.True);
            Assert.That(here.Select(process => process.IsCompiled), Is.All.True);
            Assert.That(elsewhere.Select(process => process.IsCompiled), Is.All.False);
        }

        // The runtime uses the code: in the program and in its worker, half of what is compiled at the start need not be.
        foreach (var compiled in new[] { anywhere, here })
        {
            foreach (var (process, plain) in compiled.Zip(elsewhere))
                Assert.That(process.MethodsCompiledAtRunTime, Is.LessThan(plain.MethodsCompiledAtRunTime / 2));
        }

        async Task<(int MethodsCompiledAtRunTime, bool IsCompiled)[]> RunAsync(string output, params string[] options)
        {
            await Command.DotNetAsync(
                folder, Packages, ["build", "-o", output, "-warnaserror", "-warnnotaserror:NU1603", .. options]);
            var printed = await Command.DotNetAsync(folder, Packages, Path.Combine(folder, output, "Compiled.dll"));
            var lines = printed.Trim().Split('\n');
            Assert.That(lines, Has.Length.EqualTo(2), printed);
            return [.. lines.Select(line => line.Split(' ', 2)).Select(line => (Number(line[0]), IsCompiled(line[1])))];
        }

        static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

        static bool IsCompiled(string file)
        {
            using var assembly = new PEReader(File.OpenRead(file));
            return assembly.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
        }
    }
}
