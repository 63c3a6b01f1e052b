namespace TinyWorker.Platform;

/// <summary>
/// The files that the .NET runtime makes in the folder of temporary files at its start, and leaves there if it is killed: the socket of the
/// diagnostic tools and the pipes of the debugger. Thousands of kills would leave thousands of files.
/// See https://github.com/dotnet/core/issues/3099.
/// </summary>
internal sealed class RuntimeFiles(string? folder, int processId, string start)
{
    /// <summary>For systems on which no other process can have had the same number.</summary>
    public const string AnyStart = "*";

    private readonly string _folder = string.IsNullOrEmpty(folder) ? "/tmp" : folder;

    /// <summary>Removes the files. To be called when the process has ended, or is about to end. Never throws.</summary>
    public void Remove()
    {
        var key = $"{processId}-{start}";
        string[] names = [$"dotnet-diagnostic-{key}-socket", $"clr-debug-pipe-{key}-in", $"clr-debug-pipe-{key}-out"];
        try
        {
            foreach (var name in names)
            {
                if (start != AnyStart) File.Delete(Path.Combine(_folder, name));
                else foreach (var file in Directory.GetFiles(_folder, name)) File.Delete(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They stay, until somebody cleans the folder.
        }
    }
}
