using System.Globalization;
using System.Reflection;
using TinyWorker.Platform;

namespace TinyWorker.Processes.Protocol;

/// <summary>
/// What tells a process that it is a child, and what for. It is sent in one environment variable, which the child removes before
/// anything else: the processes that the child starts are not workers.
/// </summary>
/// <param name="Build">The module version of the library: another build does not speak the same protocol.</param>
/// <param name="SocketPath">Where the parent listens.</param>
/// <param name="Secret">What proves to the parent that it is the child.</param>
/// <param name="EntryType">The type of the <see cref="ChildEntryPoint"/>, with its assembly.</param>
/// <param name="EntryMethod">The name of its method.</param>
/// <param name="Name">The name of the child.</param>
/// <param name="Level">How deep it is nested: 1 for a child of a process that is no child.</param>
/// <param name="OpenFiles">The files of the parent that the child has inherited; see <see cref="HostSystem.InheritableFiles"/>.</param>
/// <param name="Hooks">The startup hooks that are not the library's; null for none.</param>
/// <param name="Descent">The value of <see cref="DescentVariable"/> in the child's own children; null if somebody has removed it.</param>
internal sealed record ChildEnvironment(
    Guid Build, string SocketPath, byte[] Secret, string EntryType, string EntryMethod, string Name, int Level,
    IReadOnlyList<string> OpenFiles, string? Hooks, string? Descent)
{
    /// <summary>How deep children may be nested: a child, its children, and the children of those.</summary>
    public const int DeepestLevel = 3;

    public const string Variable = "TINYWORKER_CHILD";
    public const string HooksVariable = "DOTNET_STARTUP_HOOKS";

    /// <summary>
    /// This variable stays, and whatever a child starts inherits it. Each child has another value: so its descendants can be found when
    /// it is gone. The value of a child of a child begins with that of its parent: when the parent is gone, all are found by it.
    /// </summary>
    public const string DescentVariable = "TINYWORKER_DESCENT";

    private const string DescentEnd = "/";   // after each of its parts: so none is the beginning of another
    private const char Separator = '\n';
    private const string NoHooks = "-";
    private const string SomeHooks = "+";
    private const int Parts = 9;
    private const int LongestList = 32 * 1024;   // a variable can have 128 KB

    public static Guid ThisBuild => typeof(ChildEnvironment).Module.ModuleVersionId;

    /// <summary>
    /// This process was started as a child, but has not entered the library: the user's own Main runs, which it should not.
    /// </summary>
    public static bool IsUnread => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>How deep this process is nested; 0 if it is no child. Set once, before the entry point runs.</summary>
    public static int LevelOfThisProcess { get; set; }

    /// <summary>Reads and removes the variable. Null if this process is no child.</summary>
    public static ChildEnvironment? Take()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } text) return null;
        var environment = Parse(text);
        Set(Variable, null);
        Set(HooksVariable, environment.Hooks);
        return environment;
    }

    /// <summary>Makes a child of the process that is to be started with these variables.</summary>
    /// <param name="variables">The variables of that process.</param>
    /// <param name="socketPath">Where the parent listens.</param>
    /// <param name="secret">What proves to the parent that it is the child.</param>
    /// <param name="name">The name of the child.</param>
    /// <param name="entryPoint">The method of the entry point.</param>
    /// <param name="hook">The library's startup hook; null where the program calls the library itself.</param>
    public static void Put(
        IDictionary<string, string?> variables, string socketPath, byte[] secret, string name, MethodInfo entryPoint, string? hook)
    {
        var hooks = variables.TryGetValue(HooksVariable, out var others) && !string.IsNullOrEmpty(others) ? others : null;
        string[] parts =
        [
            ThisBuild.ToString("N", CultureInfo.InvariantCulture),
            socketPath,
            Convert.ToHexString(secret),
            entryPoint.DeclaringType!.AssemblyQualifiedName!,
            entryPoint.Name,
            name,
            (LevelOfThisProcess + 1).ToString(CultureInfo.InvariantCulture),
            List(HostSystem.Current.InheritableFiles()),
            hooks is null ? NoHooks : SomeHooks + hooks,
        ];
        variables[Variable] = string.Join(Separator, parts.Select(Escape));
        var before = variables.TryGetValue(DescentVariable, out var descent) ? descent : null;
        variables[DescentVariable] = before + Guid.NewGuid().ToString("N") + DescentEnd;
        // The library's hook is the last one: it does not return.
        if (hook is not null) variables[HooksVariable] = hooks is null ? hook : hooks + Path.PathSeparator + hook;
    }

    private static ChildEnvironment Parse(string text)
    {
        var parts = Array.ConvertAll(text.Split(Separator), Unescape);
        if (parts.Length != Parts || !int.TryParse(parts[6], CultureInfo.InvariantCulture, out var level))
            throw new InvalidOperationException($"The environment variable {Variable} is for worker processes; remove it.");
        var files = parts[7].Split(Separator, StringSplitOptions.RemoveEmptyEntries);
        var hooks = parts[8].StartsWith(SomeHooks, StringComparison.Ordinal) ? parts[8][SomeHooks.Length..] : null;
        var descent = Environment.GetEnvironmentVariable(DescentVariable);
        return new ChildEnvironment(
            Guid.ParseExact(parts[0], "N"), parts[1], FromHexadecimal(parts[2]), parts[3], parts[4], parts[5], level, files, hooks,
            descent);
    }

    // Convert does this with vectors, for which the runtime compiles code first: a millisecond of each start.
    private static byte[] FromHexadecimal(string text)
    {
        var bytes = new byte[text.Length / 2];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)((Digit(text[2 * i]) << 4) | Digit(text[(2 * i) + 1]));
        return bytes;

        static int Digit(char digit) => digit <= '9' ? digit - '0' : digit - 'A' + 10;
    }

    // What does not fit is not closed in the child: better than a child that cannot start.
    private static string List(IReadOnlyList<string> files)
    {
        var length = 0;
        return string.Join(Separator, files.TakeWhile(file => (length += file.Length) < LongestList));
    }

    // A name or a path may contain what separates the parts, and a name what ends a variable.
    private static string Escape(string part) =>
        part.Replace("%", "%25", StringComparison.Ordinal)
            .Replace("\n", "%0A", StringComparison.Ordinal)
            .Replace("\0", "%00", StringComparison.Ordinal);

    private static string Unescape(string part) =>
        part.Replace("%00", "\0", StringComparison.Ordinal)
            .Replace("%0A", "\n", StringComparison.Ordinal)
            .Replace("%25", "%", StringComparison.Ordinal);

    private static void Set(string name, string? value)
    {
        Environment.SetEnvironmentVariable(name, value);
        HostSystem.Current.SetNativeVariable(name, value);
    }
}
