using TinyWorker.Processes.Protocol;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>How to start a child: its name, its entry point, and its surroundings.</summary>
/// <param name="Name">The name of the child, for logs and messages.</param>
/// <param name="EntryPoint">What runs in the child: a static method, which the child finds by its type and its name.</param>
internal sealed record ChildStart(string Name, ChildEntryPoint EntryPoint)
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Variables that are added to those of this process, or replace them; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Null for that of this process.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Gets each line of the child's stdout, one at a time; may be called at the same time as <see cref="OnErrorLine"/>.</summary>
    public Action<string> OnOutputLine { get; init; } = static _ => { };

    /// <summary>Gets each line of the child's stderr, one at a time.</summary>
    public Action<string> OnErrorLine { get; init; } = static _ => { };

    /// <summary>How many bytes of physical memory it may hold before it is killed; null for no limit.</summary>
    public long? KillAboveMemory { get; init; }

    /// <summary>From the start of the process until it has connected.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
