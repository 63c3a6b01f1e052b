namespace TinyWorker.Backends.Processes.Launching;

/// <summary>How to start a child: what it is called, what it serves, and what surrounds it.</summary>
/// <param name="Name">For logs and messages.</param>
/// <param name="Serve">What runs in the child: a static method, named across by its type and its name; its result is the exit code.</param>
internal sealed record ChildStart(string Name, ChildServe Serve)
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Variables over those of this process; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Null for the one of this process.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Gets each line of the child's stdout, one at a time; may be called at the same time as <see cref="OnErrorLine"/>.</summary>
    public Action<string> OnOutputLine { get; init; } = static _ => { };

    /// <summary>Gets each line of the child's stderr, one at a time.</summary>
    public Action<string> OnErrorLine { get; init; } = static _ => { };

    /// <summary>From the start of the process until it has connected.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
