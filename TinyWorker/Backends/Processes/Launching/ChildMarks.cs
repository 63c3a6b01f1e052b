using System.Globalization;
using TinyWorker.Backends.Processes.Launching.Systems;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>
/// What tells a process that it is a child, and what for: it travels in one environment variable, which the child takes away before
/// anything else, so that the processes that it starts are not taken for workers.
/// </summary>
/// <param name="Build">The module version of the library: another build does not speak the same language.</param>
/// <param name="SocketPath">Where the parent listens.</param>
/// <param name="Secret">What to say there, in hexadecimal.</param>
/// <param name="ServeType">The type of the method to run, with its assembly.</param>
/// <param name="ServeMethod">The method's name.</param>
/// <param name="Name">What the child is called.</param>
/// <param name="Hooks">The startup hooks that are not ours; null for none.</param>
/// <param name="Descent">What its own children have in <see cref="DescentVariable"/>; null if somebody has removed it.</param>
internal sealed record ChildMarks(
    Guid Build, string SocketPath, string Secret, string ServeType, string ServeMethod, string Name, string? Hooks, string? Descent)
{
    public const string Variable = "TINYWORKER_CHILD";
    public const string HooksVariable = "DOTNET_STARTUP_HOOKS";

    /// <summary>
    /// Stays, and is inherited by whatever a child starts: its value is the child's alone, so that these can be found when it is gone. A child
    /// of the child has one of its own: it ends with its parent by itself, and tidies up.
    /// </summary>
    public const string DescentVariable = "TINYWORKER_DESCENT";

    private const char Separator = '\n';
    private const string NoHooks = "-";
    private const string SomeHooks = "+";

    public static Guid ThisBuild => typeof(ChildMarks).Module.ModuleVersionId;

    /// <summary>This process was started as a child and nobody has looked yet: the user's own Main runs, which it should not.</summary>
    public static bool AreUntouched => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Takes the marks away. Null if this process is no child.</summary>
    public static ChildMarks? Take()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } text) return null;
        var marks = Parse(text);
        Set(Variable, null);
        Set(HooksVariable, marks.Hooks);
        return marks;
    }

    /// <summary>Marks the process that is to be started with this environment.</summary>
    public static void Put(IDictionary<string, string?> environment, PrivateSocket socket, ChildStart start, string? hook)
    {
        var hooks = environment.TryGetValue(HooksVariable, out var others) && !string.IsNullOrEmpty(others) ? others : null;
        var method = start.Serve.Method;
        environment[Variable] = string.Join(
            Separator,
            ThisBuild.ToString("N", CultureInfo.InvariantCulture),
            socket.SocketPath,
            Convert.ToHexString(socket.Secret),
            method.DeclaringType!.AssemblyQualifiedName,
            method.Name,
            start.Name.Replace(Separator, ' '),
            hooks is null ? NoHooks : SomeHooks + hooks);
        environment[DescentVariable] = Guid.NewGuid().ToString("N");
        // Ours is the last one: it does not come back.
        if (hook is not null) environment[HooksVariable] = hooks is null ? hook : hooks + Path.PathSeparator + hook;
    }

    private static ChildMarks Parse(string text)
    {
        var parts = text.Split(Separator, 7);
        if (parts.Length != 7) throw new InvalidOperationException($"The environment variable {Variable} is for worker processes; remove it.");
        return new ChildMarks(
            Guid.ParseExact(parts[0], "N"), parts[1], parts[2], parts[3], parts[4], parts[5], parts[6].StartsWith('+') ? parts[6][1..] : null,
            Environment.GetEnvironmentVariable(DescentVariable));
    }

    private static void Set(string name, string? value)
    {
        Environment.SetEnvironmentVariable(name, value);
        HostSystem.Current.SetNativeVariable(name, value);
    }
}
