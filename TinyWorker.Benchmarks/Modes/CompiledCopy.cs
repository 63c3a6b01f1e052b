using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// A copy of this program in which the library has compiled code, made by the target that makes it for the package. A program that uses the
/// package has the same file. It is made again when the library was built again.
/// </summary>
internal static class CompiledCopy
{
    private const string Library = "TinyWorker.dll";

    public static string Folder { get; } = Path.Combine(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory) + "-compiled", "");

    /// <summary>The folder of the copy. Null if it cannot be made, which the console is told.</summary>
    public static async Task<string?> MakeAsync()
    {
        var (plain, copy) = (Path.Combine(AppContext.BaseDirectory, Library), Path.Combine(Folder, Library));
        if (File.Exists(copy) && File.GetLastWriteTimeUtc(copy) > File.GetLastWriteTimeUtc(plain)) return Folder;
        // bin/Release/net10.0/ of TinyWorker.Benchmarks
        var project = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "TinyWorker"));
        string[] arguments =
        [
            "msbuild", project, "-t:CompileCode", "-p:Configuration=Release", "-p:CompiledFor=" + RuntimeInformation.RuntimeIdentifier,
            "-nologo", "-verbosity:quiet",
        ];
        using var build = Process.Start("dotnet", arguments);
        await build.WaitForExitAsync();
        var compiled = Path.Combine(
            project, "obj", "Release", "net10.0", "compiled", RuntimeInformation.RuntimeIdentifier, "publish", Library);
        if (build.ExitCode != 0 || !File.Exists(compiled))
        {
            Console.Error.WriteLine($"There is no compiled code to measure: dotnet {string.Join(' ', arguments)} has failed.");
            return null;
        }

        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(Folder, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        File.Copy(compiled, copy, overwrite: true);
        File.SetLastWriteTimeUtc(copy, TimeProvider.System.GetUtcNow().UtcDateTime);
        return Folder;
    }
}
