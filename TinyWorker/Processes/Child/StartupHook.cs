using System.Diagnostics.CodeAnalysis;
using System.Runtime.Loader;
using TinyWorker.Processes.Child;

/// <summary>
/// The runtime calls it before the user's Main where DOTNET_STARTUP_HOOKS names this assembly. Its name, and that it has no namespace, are
/// the runtime's: https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md
/// </summary>
#pragma warning disable CA1050 // Without a namespace.
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize()
    {
        FindDependenciesBesideTheLibrary();
        WorkerMain.RunIfWorker();
    }

    // The library may be part of a plug-in: then the runtime loads it by its path, and the program's own files do not say where the
    // library's dependencies are. The handler is called only for what nothing else finds. It must be there before a type of a dependency
    // is needed.
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A trimmed program has no startup hooks.")]
    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "In a single file the assembly has no place, and needs none.")]
    private static void FindDependenciesBesideTheLibrary()
    {
        var folder = Path.GetDirectoryName(typeof(StartupHook).Assembly.Location);
        if (string.IsNullOrEmpty(folder)) return;
        // The compiled code of the package is in runtimes/RID/lib/net10.0/, and what needs no compiled code lies above that.
        var runtimes = Path.GetFullPath(Path.Combine(folder, "..", "..", ".."));
        if (Path.GetFileName(runtimes) == "runtimes") folder = Path.GetDirectoryName(runtimes)!;
        AssemblyLoadContext.Default.Resolving += (context, name) =>
        {
            var file = Path.Combine(folder, name.Name + ".dll");
            return File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
        };
    }
}
