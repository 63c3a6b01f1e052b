using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TinyWorker.Platform;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// The command that runs this program once more, with its own assemblies and runtime configuration. The new process enters the library
/// before the user's Main through a startup hook, or in the user's Main by <see cref="TinyTroupeHost.RunIfWorker"/>.
/// </summary>
/// <param name="File">The executable.</param>
/// <param name="Arguments">What the .NET host needs. A child has no use for the program's own arguments.</param>
/// <param name="Hook">The startup hook to add; null if the program can have none.</param>
internal sealed record ChildCommand(string File, IReadOnlyList<string> Arguments, string? Hook)
{
    private static readonly StringComparison NamesOfFiles =
        OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    private static readonly Lazy<ChildCommand> ThisProgram = new(Find, LazyThreadSafetyMode.PublicationOnly);

    /// <summary>Whether the user's Main calls <see cref="TinyTroupeHost.RunIfWorker"/>, so that it can be started as a child.</summary>
    public static bool IsCalledByMain { get; set; }

    /// <exception cref="InvalidOperationException">A child would run the user's Main.</exception>
    public static ChildCommand ForThisProgram()
    {
        if (IsCompiledAheadOfTime)
        {
            throw new InvalidOperationException(
                "This program is compiled ahead of time, where a function cannot go to another process: publish it without PublishAot, "
                + "or give the troupe ThreadTroupeOptions.");
        }

        if (ChildEnvironment.IsUnread)
        {
            // Without this, each child would run the user's Main and start children of its own, without end.
            throw Refusal("This process was itself started as a worker process, but runs the program instead");
        }

        if (ChildEnvironment.LevelOfThisProcess >= ChildEnvironment.DeepestLevel)
        {
            throw new InvalidOperationException(
                $"This is a worker process of a worker process, {ChildEnvironment.DeepestLevel} levels deep, and can have no worker processes "
                + "of its own. If that was not meant, look for code that makes a troupe wherever it runs: a static field, or the worker's "
                + "function itself. Else give the innermost troupe ThreadTroupeOptions.");
        }

        var command = ThisProgram.Value;
        return command.Hook is not null || IsCalledByMain
            ? command
            : throw Refusal(
                "This program cannot be entered by a startup hook (it is trimmed, or has switched them off, as PublishAot does, "
                + "which file-based programs have by default; '#:property PublishAot=false' takes that back)");
    }

    public override string ToString() => string.Join(' ', [File, .. Arguments]);

    // RuntimeFeature.IsDynamicCodeSupported does not tell: PublishAot switches it off also while the program is not published.
    private static bool IsCompiledAheadOfTime => !typeof(ChildCommand).HasMetadataToken();

    private static InvalidOperationException Refusal(string what) => new(
        what + ": call TinyTroupeHost.RunIfWorker() in the first line of Main, before anything else.");

    // How a program is started again depends on the system, and on how the program was made and started. The tests run in one of these
    // ways: under the host of a test platform on Linux. Programs of their own try others (TinyWorker.Tests/Package); no coverage shows
    // these.
    private static ChildCommand Find()
    {
        var self = Environment.ProcessPath
            ?? throw new InvalidOperationException(
                "The system does not tell which executable this process runs, so it cannot be started again.");
        var entry = Assembly.GetEntryAssembly()?.GetName().Name
            ?? throw new InvalidOperationException(
                $"The program that hosts .NET here ({self}) has no managed entry, so it cannot be started again as a worker process.");
        var assembly = Path.Combine(AppContext.BaseDirectory, entry + ".dll");
        // The program's own file comes first. The separator is the same on every system.
        var dependencies = (AppContext.GetData("APP_CONTEXT_DEPS_FILES") as string)?.Split(';')[0];
        var isOrdinary = string.IsNullOrEmpty(dependencies) || dependencies == Path.Combine(AppContext.BaseDirectory, entry + ".deps.json");

        // The program's own executable. If another one has loaded the assembly (testhost, a web server's process), it may not lead here.
        if (isOrdinary && IsNamed(self, entry)) return new ChildCommand(self, [], FindHook());
        if (!System.IO.File.Exists(assembly)) return new ChildCommand(self, [], FindHook());   // one single file
        if (Muxer(self) is not { } muxer) return new ChildCommand(self, [], FindHook());       // self-contained, and renamed

        // dotnet exec --runtimeconfig FILE app.dll: what was said to the host for this process is said for the child.
        var options = IsNamed(self, "dotnet") ? HostOptions.Of(HostSystem.Current.OwnArguments(), entry + ".dll") : [];
        string[] arguments = ["exec", .. options];
        if (!isOrdinary && !options.Contains(HostOptions.Dependencies))
        {
            // A test project: its own files say what to load, while the entry is the test platform's.
            var configuration = dependencies![..^".deps.json".Length] + ".runtimeconfig.json";
            arguments = [.. arguments, HostOptions.Dependencies, dependencies];
            if (System.IO.File.Exists(configuration) && !options.Contains(HostOptions.Configuration))
                arguments = [.. arguments, HostOptions.Configuration, configuration];
        }

        return new ChildCommand(muxer, [.. arguments, assembly], FindHook());
    }

    /// <summary>The dotnet command that runs this program, or can run it.</summary>
    private static string? Muxer(string self)
    {
        if (IsNamed(self, "dotnet")) return self;
        // ROOT/shared/Microsoft.NETCore.App/10.0.0/
        var muxer = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", Executable("dotnet")));
        return System.IO.File.Exists(muxer) ? muxer : null;
    }

    private static bool IsNamed(string path, string name) =>
        string.Equals(Path.GetFileName(path), Executable(name), NamesOfFiles);

    private static string Executable(string name) => OperatingSystem.IsWindows() ? name + ".exe" : name;

    // The runtime finds the hook by its name: https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md
    [DynamicDependency("Initialize", "StartupHook", "TinyWorker")]
    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "In a single file the assembly is found by its name.")]
    private static string? FindHook()
    {
        if (AppContext.TryGetSwitch("System.StartupHookProvider.IsSupported", out var isSupported) && !isSupported) return null;
        var library = typeof(ChildCommand).Assembly;
        // By its name if the program itself refers to the library. By its path if the library was loaded with a plug-in.
        var isOfTheProgram = AssemblyLoadContext.GetLoadContext(library) == AssemblyLoadContext.Default && IsKnownToTheHost(library);
        return isOfTheProgram ? library.GetName().Name : library.Location;
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "In a single file the assembly has no path, and is known.")]
    private static bool IsKnownToTheHost(Assembly library) =>
        library.Location is "" or null
        || (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator).Contains(library.Location);
}
