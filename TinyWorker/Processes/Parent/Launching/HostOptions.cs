namespace TinyWorker.Processes.Parent.Launching;

/// <summary>What the command line of this process said to the .NET host (dotnet), before the path of the program.</summary>
internal static class HostOptions
{
    public const string Dependencies = "--depsfile";
    public const string Configuration = "--runtimeconfig";

    private const string Execute = "exec";

    // All of them have a value. https://learn.microsoft.com/dotnet/core/tools/dotnet#runtime-options
    private static readonly string[] WithPath = [Dependencies, Configuration, "--additionalprobingpath"];
    private static readonly string[] WithText =
        ["--fx-version", "--roll-forward", "--roll-forward-on-no-candidate-fx", "--additional-deps"];

    /// <summary>
    /// The options, with full paths: a child may have another working directory. Empty if there are none, or they are not known.
    /// </summary>
    /// <param name="arguments">The command line, with the command.</param>
    /// <param name="program">The file name of the program.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> arguments, string program)
    {
        var options = new List<string>();
        var next = arguments.Count > 1 && arguments[1] == Execute ? 2 : 1;
        for (; next + 1 < arguments.Count; next += 2)
        {
            var (name, value) = (arguments[next], arguments[next + 1]);
            if (WithPath.Contains(name)) options.AddRange([name, FullPath(value)]);
            else if (WithText.Contains(name)) options.AddRange([name, value]);
            else break;
        }

        // Something else has started this process in a way of its own, if the program is not what follows.
        return next < arguments.Count && Path.GetFileName(arguments[next]) == program ? options : [];
    }

    // The program may have changed its directory since. The shell that has started it has told the one that it had.
    private static string FullPath(string path)
    {
        var now = Path.GetFullPath(path);
        if (File.Exists(now) || Directory.Exists(now) || Environment.GetEnvironmentVariable("PWD") is not { } before) return now;
        return Path.IsPathFullyQualified(before) ? Path.GetFullPath(path, before) : now;
    }
}
