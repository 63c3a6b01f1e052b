using System.Runtime.Loader;

namespace TinyWorker.Diagnostics;

/// <summary>
/// The end of this copy of the library, where a plug-in has brought it along. The framework keeps every meter and every activity source
/// until it is disposed, and with the meter what its instruments call: this code, which then could never be unloaded.
/// </summary>
internal static class Plugins
{
    /// <summary>Calls back when the plug-in is about to be unloaded. Does nothing in a program that has the library as its own.</summary>
    // Not there: the default context also says that it unloads when the process exits, before exporters have read the meter a last time.
    public static void BeforeUnload(Action callback)
    {
        var context = AssemblyLoadContext.GetLoadContext(typeof(Plugins).Assembly);
        if (context is { IsCollectible: true }) context.Unloading += _ => callback();
    }
}
