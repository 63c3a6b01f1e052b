using System.Globalization;

namespace TinyWorker.Hosting;

/// <summary>One setting that can be said in the configuration, and how its text is read.</summary>
/// <param name="Name">The name of the property, which is the key in the section, too.</param>
/// <param name="Bind">Reads the text, which may be null, into the settings. Returns what is wrong with it, or null.</param>
internal sealed record Setting(string Name, Func<TinyTroupeSettings, string?, string?> Bind)
{
    private delegate string? Reader<T>(string text, out T value);

    /// <summary>Every setting that can be said in the configuration.</summary>
    // By hand and not by the binder of the framework: that one reads "30" as a time of 30 days, skips what it cannot set, and does not say
    // where an unknown key stands.
    public static IReadOnlyList<Setting> All { get; } =
    [
        Of<TroupeBackend>(nameof(TinyTroupeSettings.Backend), ReadName, (settings, value) => settings.Backend = value),
        Of<bool>(nameof(TinyTroupeSettings.WaitUntilReady), ReadBool, (settings, value) => settings.WaitUntilReady = value),
        Of<int>(nameof(TinyTroupeSettings.Workers), ReadInt, (settings, value) => settings.Workers = value),
        OrNull<int>(nameof(TinyTroupeSettings.MinWorkers), ReadInt, (settings, value) => settings.MinWorkers = value),
        Of<TimeSpan>(nameof(TinyTroupeSettings.IdleTimeout), ReadTime, (settings, value) => settings.IdleTimeout = value),
        Of<int>(nameof(TinyTroupeSettings.Capacity), ReadInt, (settings, value) => settings.Capacity = value),
        OrNull<TimeSpan>(nameof(TinyTroupeSettings.TaskTimeout), ReadTime, (settings, value) => settings.TaskTimeout = value),
        Of<TimeSpan>(nameof(TinyTroupeSettings.CancellationGrace), ReadTime, (settings, value) => settings.CancellationGrace = value),
        OrNull<bool>(nameof(TinyTroupeSettings.ReplaceHungWorkers), ReadBool, (settings, value) => settings.ReplaceHungWorkers = value),
        Of<int>(nameof(TinyTroupeSettings.MaxAttempts), ReadInt, (settings, value) => settings.MaxAttempts = value),
        Of<TimeSpan>(nameof(TinyTroupeSettings.RetryDelay), ReadTime, (settings, value) => settings.RetryDelay = value),
        Of<TimeSpan>(nameof(TinyTroupeSettings.StartPatience), ReadTime, (settings, value) => settings.StartPatience = value),
        OrNull<TimeSpan>(nameof(TinyTroupeSettings.MakeTimeout), ReadTime, (settings, value) => settings.MakeTimeout = value),
        Of<bool>(nameof(TinyTroupeSettings.FlowExecutionContext), ReadBool, (settings, value) => settings.FlowExecutionContext = value),
        OrNull<int>(nameof(TinyTroupeSettings.MaxTasksPerWorker), ReadInt, (settings, value) => settings.MaxTasksPerWorker = value),
        OrNull<int>(nameof(TinyTroupeSettings.MaxStackSize), ReadInt, (settings, value) => settings.MaxStackSize = value),
        OrNull<ThreadPriority>(nameof(TinyTroupeSettings.Priority), ReadName, (settings, value) => settings.Priority = value),
        new(nameof(TinyTroupeSettings.WorkingDirectory), (settings, text) =>
        {
            settings.WorkingDirectory = string.IsNullOrEmpty(text) ? null : text;
            return null;
        }),
        OrNull<long>(nameof(TinyTroupeSettings.MaxWorkerMemory), ReadLong, (settings, value) => settings.MaxWorkerMemory = value),
        OrNull<long>(nameof(TinyTroupeSettings.KillAboveMemory), ReadLong, (settings, value) => settings.KillAboveMemory = value),
        OrNull<TimeSpan>(nameof(TinyTroupeSettings.StartTimeout), ReadTime, (settings, value) => settings.StartTimeout = value),
        OrNull<TimeSpan>(nameof(TinyTroupeSettings.ExitTimeout), ReadTime, (settings, value) => settings.ExitTimeout = value),
    ];

    /// <summary>What the options of the core have, too, and no text can say; with what to do instead.</summary>
    public static IReadOnlyDictionary<string, string> NotInConfiguration { get; } =
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

    private static Setting Of<T>(string name, Reader<T> read, Action<TinyTroupeSettings, T> set) =>
        new(name, (settings, text) =>
        {
            if (string.IsNullOrWhiteSpace(text)) return "must not be empty; leave the key out for the default";
            if (read(text, out var value) is { } wrong) return wrong;
            set(settings, value);
            return null;
        });

    private static Setting OrNull<T>(string name, Reader<T> read, Action<TinyTroupeSettings, T?> set)
        where T : struct =>
        new(name, (settings, text) =>
        {
            T? value = null;
            if (!string.IsNullOrWhiteSpace(text))
            {
                if (read(text, out var found) is { } wrong) return wrong;
                value = found;
            }

            set(settings, value);
            return null;
        });

    private static string? ReadInt(string text, out int value) =>
        int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value) ? null : "must be a whole number, such as 4";

    private static string? ReadLong(string text, out long value) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value)
            ? null : "must be a number of bytes, such as 1073741824";

    private static string? ReadBool(string text, out bool value) => bool.TryParse(text, out value) ? null : "must be true or false";

    private static string? ReadTime(string text, out TimeSpan value)
    {
        const string Rule = "must be a time, [days.]hours:minutes:seconds, such as 00:00:30 for 30 seconds, or Infinite";
        value = Timeout.InfiniteTimeSpan;
        if (text.Trim().Equals("Infinite", StringComparison.OrdinalIgnoreCase)) return null;
        // A number alone would be a number of days, which nobody means.
        if (!text.Contains(':', StringComparison.Ordinal)) return Rule;
        // Nor is 24:00:00 a time of 24 days, as which the other parser takes hours that no day has.
        return TimeSpan.TryParseExact(text.Trim(), "c", CultureInfo.InvariantCulture, out value) ? null : Rule;
    }

    // By name only: Enum.TryParse takes any number, and several names at once.
    private static string? ReadName<T>(string text, out T value)
        where T : struct, Enum
    {
        foreach (var each in Enum.GetValues<T>())
        {
            if (!text.Trim().Equals(each.ToString(), StringComparison.OrdinalIgnoreCase)) continue;
            value = each;
            return null;
        }

        value = default;
        return $"must be one of {string.Join(", ", Enum.GetNames<T>())}";
    }
}
