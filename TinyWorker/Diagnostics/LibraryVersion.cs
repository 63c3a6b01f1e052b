using System.Reflection;

namespace TinyWorker.Diagnostics;

/// <summary>The version of this library, as its package has it: for who collects what it tells.</summary>
internal static class LibraryVersion
{
    // What follows the plus names the commit.
    public static readonly string Text =
        typeof(LibraryVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
