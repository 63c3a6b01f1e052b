using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting;

/// <summary>From the settings to the options of the core.</summary>
internal static class OptionsOfSettings
{
    /// <param name="settings">Settings that were validated.</param>
    /// <param name="name">The troupe's name.</param>
    /// <param name="backend">The back-end that is meant; Default leaves it to the troupe.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="clock">Its clock.</param>
    public static TinyTroupeOptions Make(
        TinyTroupeSettings settings, string name, TroupeBackend backend, ILoggerFactory? loggers, TimeProvider clock)
    {
        TinyTroupeOptions options = backend switch
        {
            TroupeBackend.Threads => new ThreadTroupeOptions
            {
                MaxStackSize = settings.MaxStackSize,
                Priority = settings.Priority ?? ThreadPriority.Normal,
            },
            TroupeBackend.Pool => new PoolTroupeOptions(),
            TroupeBackend.Processes => OfProcesses(settings),
            TroupeBackend.Inline => new InlineTroupeOptions(),
            _ => new TinyTroupeOptions(),
        };
        return options with
        {
            Name = name,
            Workers = settings.Workers,
            MinWorkers = settings.MinWorkers,
            IdleTimeout = settings.IdleTimeout,
            Capacity = settings.Capacity,
            TaskTimeout = settings.TaskTimeout,
            CancellationGrace = settings.CancellationGrace,
            ReplaceHungWorkers = settings.ReplaceHungWorkers,
            MaxAttempts = settings.MaxAttempts,
            RetryWhen = settings.RetryWhen,
            RetryDelay = settings.RetryDelay,
            ReplaceWorkerWhen = settings.ReplaceWorkerWhen,
            StartPatience = settings.StartPatience,
            MakeTimeout = settings.MakeTimeout,
            FlowExecutionContext = settings.FlowExecutionContext,
            MaxTasksPerWorker = settings.MaxTasksPerWorker,
            LoggerFactory = loggers,
            TimeProvider = clock,
        };
    }

    /// <summary>What the core says of options that cannot be, with the path of the setting.</summary>
    public static OptionsValidationException Refused(string troupe, Type options, ArgumentException refusal)
    {
        // The core begins with the type and the member: "ThreadTroupeOptions.Workers must be from 1 to 65,536."
        var setting = TroupeSection.Instance.All.Select(each => each.Name)
            .FirstOrDefault(each => refusal.Message.StartsWith($"{options.Name}.{each} ", StringComparison.Ordinal));
        return new OptionsValidationException(
            troupe, typeof(TinyTroupeSettings),
            [$"{SettingsPath.Of(TroupeSection.RootName, troupe, setting)} cannot be: {refusal.Message}"]);
    }

    private static ProcessTroupeOptions OfProcesses(TinyTroupeSettings settings)
    {
        var options = new ProcessTroupeOptions
        {
            Environment = settings.Environment,
            WorkingDirectory = settings.WorkingDirectory,
            MaxWorkerMemory = settings.MaxWorkerMemory,
            KillAboveMemory = settings.KillAboveMemory,
            Serializer = settings.Serializer,
        };
        if (settings.StartTimeout is { } start) options = options with { StartTimeout = start };
        if (settings.ExitTimeout is { } exit) options = options with { ExitTimeout = exit };
        return options;
    }
}
