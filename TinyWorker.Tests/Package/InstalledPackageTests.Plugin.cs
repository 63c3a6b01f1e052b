namespace TinyWorker.Tests.Package;

internal sealed partial class InstalledPackageTests
{
    // The child's runtime loads the library by its path. Nothing in the host's own files says where the library's dependencies are.
    [Test]
    [Category(LongTests.Category)]
    public async Task Plugin_InAProgramThatDoesNotKnowTheLibrary_HasWorkerProcesses()
    {
        var plugin = Directory.CreateDirectory(Path.Combine(Folder, "Plugin")).FullName;
        WriteProject(plugin, "Plugin", ["TinyWorker"], "<EnableDynamicLoading>true</EnableDynamicLoading>");
        await File.WriteAllTextAsync(Path.Combine(plugin, "Plugin.cs"), """
            using TinyWorker;

            public static class Plugin
            {
                public static async Task RunAsync()
                {
                    await using var troupe = new TinyTroupe<int, int>(Twice, new ProcessTroupeOptions { Workers = 1 });
                    Console.WriteLine(await troupe.Submit(21));
                }

                private static int Twice(int x) => 2 * x;
            }
            """);
        var host = Directory.CreateDirectory(Path.Combine(Folder, "Host")).FullName;
        WriteProject(host, "Host", [], "<OutputType>Exe</OutputType>");
        await File.WriteAllTextAsync(Path.Combine(host, "Program.cs"), """
            using System.Reflection;
            using System.Runtime.Loader;

            var plugin = new PluginContext(args[0]).LoadFromAssemblyPath(args[0]);
            await (Task)plugin.GetType("Plugin")!.GetMethod("RunAsync")!.Invoke(null, null)!;

            internal sealed class PluginContext(string path) : AssemblyLoadContext("plugin")
            {
                private readonly AssemblyDependencyResolver _resolver = new(path);

                protected override Assembly? Load(AssemblyName name) =>
                    _resolver.ResolveAssemblyToPath(name) is { } file ? LoadFromAssemblyPath(file) : null;
            }
            """);
        await Command.DotNetAsync(plugin, Packages, "build", "-o", "out", "-warnaserror", "-warnnotaserror:NU1603");
        await Command.DotNetAsync(host, Packages, "build", "-o", "out", "-warnaserror", "-warnnotaserror:NU1603");

        var output = await Command.DotNetAsync(
            host, Packages, Path.Combine(host, "out", "Host.dll"), Path.Combine(plugin, "out", "Plugin.dll"));
        Assert.That(output.Trim(), Is.EqualTo("42"));
    }
}
