using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace TinyWorker.Tests.Plugins;

/// <summary>Loads <see cref="Plugin"/> with its own copies of the libraries, runs it, unloads it, and tells whether it has gone.</summary>
internal static class UnloadsAPlugin
{
    public const string Name = "UnloadsAPlugin";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(string backend)
    {
        var context = await LoadAndUnloadAsync(backend);
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); context.IsAlive && waited.Elapsed < Patience;)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }

        Console.WriteLine(context.IsAlive ? "still there" : "gone");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> LoadAndUnloadAsync(string backend)
    {
        var context = new Context(typeof(UnloadsAPlugin).Assembly.Location);
        await RunAsync(context, backend);
        context.Unload();
        return new WeakReference(context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task RunAsync(Context context, string backend)
    {
        var plugin = context.LoadFromAssemblyPath(typeof(UnloadsAPlugin).Assembly.Location).GetType(typeof(Plugin).FullName!)!;
        return (Task)plugin.GetMethod(nameof(Plugin.RunAsync))!.Invoke(null, [backend])!;
    }

    private sealed class Context(string path) : AssemblyLoadContext("plugin", isCollectible: true)
    {
        private readonly AssemblyDependencyResolver _resolver = new(path);

        protected override Assembly? Load(AssemblyName assemblyName) =>
            _resolver.ResolveAssemblyToPath(assemblyName) is { } file ? LoadFromAssemblyPath(file) : null;
    }
}
