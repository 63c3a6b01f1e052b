using static TinyWorker.Hosting.Setting;

namespace TinyWorker.Hosting;

/// <summary>The section of a local troupe.</summary>
internal sealed class TroupeSection : SettingsSection<TinyTroupeSettings>
{
    public const string RootName = "TinyTroupes";

    public static TroupeSection Instance { get; } = new();

    public override string Root => RootName;

    public override string Kind => "a troupe";

    public override string Example => nameof(TinyTroupeSettings.Workers);

    public override IReadOnlyList<Setting<TinyTroupeSettings>> All { get; } =
    [
        Of<TinyTroupeSettings, TroupeBackend>(
            nameof(TinyTroupeSettings.Backend), ReadName, (settings, value) => settings.Backend = value),
        Of<TinyTroupeSettings, bool>(
            nameof(TinyTroupeSettings.WaitUntilReady), ReadBool, (settings, value) => settings.WaitUntilReady = value),
        Of<TinyTroupeSettings, int>(nameof(TinyTroupeSettings.Workers), ReadInt, (settings, value) => settings.Workers = value),
        OrNull<TinyTroupeSettings, int>(nameof(TinyTroupeSettings.MinWorkers), ReadInt, (settings, value) => settings.MinWorkers = value),
        Of<TinyTroupeSettings, TimeSpan>(
            nameof(TinyTroupeSettings.IdleTimeout), ReadTime, (settings, value) => settings.IdleTimeout = value),
        Of<TinyTroupeSettings, int>(nameof(TinyTroupeSettings.Capacity), ReadInt, (settings, value) => settings.Capacity = value),
        OrNull<TinyTroupeSettings, TimeSpan>(
            nameof(TinyTroupeSettings.TaskTimeout), ReadTime, (settings, value) => settings.TaskTimeout = value),
        Of<TinyTroupeSettings, TimeSpan>(
            nameof(TinyTroupeSettings.CancellationGrace), ReadTime, (settings, value) => settings.CancellationGrace = value),
        OrNull<TinyTroupeSettings, bool>(
            nameof(TinyTroupeSettings.ReplaceHungWorkers), ReadBool, (settings, value) => settings.ReplaceHungWorkers = value),
        Of<TinyTroupeSettings, int>(nameof(TinyTroupeSettings.MaxAttempts), ReadInt, (settings, value) => settings.MaxAttempts = value),
        Of<TinyTroupeSettings, TimeSpan>(
            nameof(TinyTroupeSettings.RetryDelay), ReadTime, (settings, value) => settings.RetryDelay = value),
        Of<TinyTroupeSettings, TimeSpan>(
            nameof(TinyTroupeSettings.StartPatience), ReadTime, (settings, value) => settings.StartPatience = value),
        OrNull<TinyTroupeSettings, TimeSpan>(
            nameof(TinyTroupeSettings.MakeTimeout), ReadTime, (settings, value) => settings.MakeTimeout = value),
        Of<TinyTroupeSettings, bool>(
            nameof(TinyTroupeSettings.FlowExecutionContext), ReadBool, (settings, value) => settings.FlowExecutionContext = value),
        OrNull<TinyTroupeSettings, int>(
            nameof(TinyTroupeSettings.MaxTasksPerWorker), ReadInt, (settings, value) => settings.MaxTasksPerWorker = value),
        OrNull<TinyTroupeSettings, int>(
            nameof(TinyTroupeSettings.MaxStackSize), ReadInt, (settings, value) => settings.MaxStackSize = value),
        OrNull<TinyTroupeSettings, ThreadPriority>(
            nameof(TinyTroupeSettings.Priority), ReadName, (settings, value) => settings.Priority = value),
        Text<TinyTroupeSettings>(nameof(TinyTroupeSettings.WorkingDirectory), (settings, value) => settings.WorkingDirectory = value),
        OrNull<TinyTroupeSettings, long>(
            nameof(TinyTroupeSettings.MaxWorkerMemory), ReadLong, (settings, value) => settings.MaxWorkerMemory = value),
        OrNull<TinyTroupeSettings, long>(
            nameof(TinyTroupeSettings.KillAboveMemory), ReadLong, (settings, value) => settings.KillAboveMemory = value),
        OrNull<TinyTroupeSettings, TimeSpan>(
            nameof(TinyTroupeSettings.StartTimeout), ReadTime, (settings, value) => settings.StartTimeout = value),
        OrNull<TinyTroupeSettings, TimeSpan>(
            nameof(TinyTroupeSettings.ExitTimeout), ReadTime, (settings, value) => settings.ExitTimeout = value),
    ];

    public override IReadOnlyDictionary<string, string> NotInConfiguration { get; } =
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            [nameof(TinyTroupeSettings.RetryWhen)] = "is a function: set it in code, where the troupe is added",
            [nameof(TinyTroupeSettings.ReplaceWorkerWhen)] = "is a function: set it in code, where the troupe is added",
            [nameof(TinyTroupeSettings.Environment)] = "is a function: set it in code, where the troupe is added",
            [nameof(TinyTroupeSettings.Serializer)] = "is a function: set it in code, where the troupe is added",
            [nameof(TinyTroupeOptions.Name)] = "is the name that the troupe was added with, and the name of this section",
            [nameof(TinyTroupeOptions.LoggerFactory)] = "is the ILoggerFactory of the container",
            [nameof(TinyTroupeOptions.TimeProvider)] = "is the TimeProvider of the container",
        };

    /// <summary>The settings that one back-end alone has, and whether they are set.</summary>
    public static IReadOnlyList<(string Name, TroupeBackend Backend, Func<TinyTroupeSettings, bool> IsSet)> OfOneBackend { get; } =
    [
        (nameof(TinyTroupeSettings.MaxStackSize), TroupeBackend.Threads, settings => settings.MaxStackSize is not null),
        (nameof(TinyTroupeSettings.Priority), TroupeBackend.Threads, settings => settings.Priority is not null),
        (nameof(TinyTroupeSettings.Environment), TroupeBackend.Processes, settings => settings.Environment is not null),
        (nameof(TinyTroupeSettings.WorkingDirectory), TroupeBackend.Processes, settings => settings.WorkingDirectory is not null),
        (nameof(TinyTroupeSettings.MaxWorkerMemory), TroupeBackend.Processes, settings => settings.MaxWorkerMemory is not null),
        (nameof(TinyTroupeSettings.KillAboveMemory), TroupeBackend.Processes, settings => settings.KillAboveMemory is not null),
        (nameof(TinyTroupeSettings.StartTimeout), TroupeBackend.Processes, settings => settings.StartTimeout is not null),
        (nameof(TinyTroupeSettings.ExitTimeout), TroupeBackend.Processes, settings => settings.ExitTimeout is not null),
        (nameof(TinyTroupeSettings.Serializer), TroupeBackend.Processes, settings => settings.Serializer is not null),
    ];

    public override List<string> ProblemsOf(TinyTroupeSettings settings) => settings.Problems;

    public override IEnumerable<string> Check(TroupeRegistration registration, TinyTroupeSettings settings)
    {
        var local = (LocalRegistration)registration;
        var name = registration.Name;
        var backend = local.BackendOf(settings);
        if (!Enum.IsDefined(settings.Backend))
            return [$"{registration.Path(nameof(settings.Backend))} is {settings.Backend}, and must be one of the TroupeBackend values."];
        // Such a troupe is refused as a whole, with an error that says more.
        if (backend == TroupeBackend.Processes && !local.IsMadeByHand) return [];
        return
            from setting in OfOneBackend
            where setting.Backend != backend && setting.IsSet(settings)
            select $"{registration.Path(setting.Name)} is for the back-end {setting.Backend} only, and the back-end of '{name}' is " +
                $"{backend}. Remove it, or set {registration.Path(nameof(settings.Backend))} to {setting.Backend}.";
    }
}
